//! Walks a schema on the nodes of an object, without converting either.
//!
//! The walk keeps its own stack, so that the depth of a file bounds nothing, and allocates only for
//! what is wrong. Several versions of Kubernetes are walked at once: where a field differs between
//! them, each schema is walked for the versions that have it.

use spanned_yaml::{Dialect, Entry, Kind, Node, Scalar, Style, may_be_word};

use super::{
    complaint::{Complaint, Problem, Spot},
    identity,
    model::{Link, Rest, Schema, Types},
    restrictions::Restrictions,
    table::table,
    versions::Versions,
};
use crate::kube::is_unresolved;

/// A value that is still to be walked.
struct Step<'a, 's> {
    node: Node<'a>,
    /// The key that leads to it, or to the list that it is in.
    key: Option<Node<'a>>,
    schema: &'s Link,
    /// What the value is, where `schema` only restricts it.
    outer: Option<&'s Schema>,
    versions: Versions,
}

/// One walk.
pub(super) struct Walk<'a, 's> {
    stack: Vec<Step<'a, 's>>,
    complaints: Vec<Complaint<'a>>,
}

/// Whole numbers beyond this, written as floats, aren't whole to the API server's validation.
const MAX_WHOLE: f64 = 9_007_199_254_740_991.0;

/// What is wrong with a value, in no order.
pub(super) fn walk<'a>(node: Node<'a>, schema: &Link, versions: Versions) -> Vec<Complaint<'a>> {
    let mut walk = Walk { stack: Vec::new(), complaints: Vec::new() };
    walk.push(node, None, schema, None, versions);
    walk.run();
    walk.complaints
}

/// As [`walk`], for a schema that no link leads to, of custom resources. `outer` tells what the value
/// is, where `schema` only restricts it.
pub(super) fn walk_schema<'a>(
    node: Node<'a>,
    key: Option<Node<'a>>,
    schema: &Schema,
    outer: &Schema,
    versions: Versions,
) -> Vec<Complaint<'a>> {
    let mut walk = Walk { stack: Vec::new(), complaints: Vec::new() };
    walk.visit(node.target(), key, schema, outer, versions);
    walk.run();
    walk.complaints
}

impl<'a, 's> Walk<'a, 's> {
    /// Looks at a single value right away, and at what holds others later.
    fn push(
        &mut self,
        node: Node<'a>,
        key: Option<Node<'a>>,
        schema: &'s Link,
        outer: Option<&'s Schema>,
        versions: Versions,
    ) {
        if let Some(schema) = schema.inline().filter(|_| node.kind() == Kind::Scalar) {
            self.scalar(node, key, schema, outer.unwrap_or(schema), versions);
            return;
        }
        self.stack.push(Step { node, key, schema, outer, versions });
    }

    fn run(&mut self) {
        while let Some(step) = self.stack.pop() {
            let node = step.node.target();
            if let Some(schema) = step.schema.inline() {
                let outer = step.outer.unwrap_or(schema);
                self.visit(node, step.key, schema, outer, step.versions);
            } else if let Link::Definition(index) = step.schema {
                for (versions, schema) in table().definition(*index) {
                    let versions = versions.and(step.versions);
                    if !versions.is_empty() {
                        self.visit(node, step.key, schema, schema, versions);
                    }
                }
            }
        }
    }

    fn visit(
        &mut self,
        node: Node<'a>,
        key: Option<Node<'a>>,
        schema: &'s Schema,
        outer: &'s Schema,
        versions: Versions,
    ) {
        let fits = match node.kind() {
            Kind::Mapping if schema.types.allow(Types::OBJECT) => {
                self.mapping(node, key, schema, outer, versions);
                true
            }
            Kind::Sequence if schema.types.allow(Types::ARRAY) => {
                if let Some(items) = &schema.items {
                    let is_set =
                        |item| items.inline().is_some_and(|it| it.has_default && it.drops(item));
                    let of_items = outer.items.as_ref().and_then(Link::inline);
                    for item in node.items().filter(|item| !is_set(*item)) {
                        self.push(item, key, items, of_items, versions);
                    }
                }
                identity::repeated(node, &schema.identity, &mut |first, again, what| {
                    self.complaints.push(
                        Complaint::new(Problem::DuplicateItem, Spot::Value(again), versions)
                            .says(named(key, format_args!("two items have the same {what}")))
                            .first(first),
                    );
                });
                true
            }
            Kind::Scalar => return self.scalar(node, key, schema, outer, versions),
            _ => false,
        };
        if !fits {
            self.wrong_type(node, key, schema.types, versions);
        } else if let Some(restrictions) = &schema.restrictions {
            if let Some(problem) = restrictions.size_problem(node, outer) {
                let complaint = Complaint::new(Problem::InvalidValue, Spot::Value(node), versions);
                self.complaints.push(complaint.says(named(key, problem)));
            }
            self.alternatives(node, key, restrictions, outer, versions);
        }
    }

    fn mapping(
        &mut self,
        node: Node<'a>,
        key: Option<Node<'a>>,
        schema: &'s Schema,
        outer: &'s Schema,
        versions: Versions,
    ) {
        let has_schema = !schema.fields.is_empty() || !matches!(schema.rest, Rest::Open);
        for entry in node.entries().take_while(|_| has_schema) {
            let name = entry.key.text();
            let of_field = if outer.is_custom { outer.schema_of(name) } else { None };
            let of_field = of_field.filter(|outer| outer.is_custom);
            let is_dropped = |schema: &Link| {
                let field = of_field.or(schema.inline());
                field.is_some_and(|schema| schema.drops(entry.value))
            };
            let mut left = versions;
            for field in schema.fields_named(name) {
                let holds = field.versions.and(left);
                if !holds.is_empty() {
                    left = left.without(holds);
                    if field.is_deprecated {
                        self.complaints.push(
                            Complaint::new(Problem::Deprecated, Spot::Key(entry.key), holds)
                                .says(format!("the field {name} is deprecated")),
                        );
                    }
                    if !is_dropped(&field.schema) {
                        self.push(entry.value, Some(entry.key), &field.schema, of_field, holds);
                    }
                }
            }
            if left.is_empty() {
                continue;
            }
            match &schema.rest {
                Rest::Open => {}
                Rest::Each(rest) => {
                    if !is_dropped(rest) {
                        self.push(entry.value, Some(entry.key), rest, of_field, left);
                    }
                }
                Rest::Closed => self.unknown_field(entry, key, schema, left),
            }
        }
        if !std::ptr::eq(schema, outer) {
            self.defaults(node, schema, outer, versions);
        }
        for (name, holds) in &schema.required {
            let holds = holds.and(versions);
            if !holds.is_empty() && outer.lacks(node, name) {
                let spot = Spot::Missing(node, name.clone().into_owned());
                self.complaints.push(
                    Complaint::new(Problem::MissingField, spot, holds)
                        .says(named(key, format_args!("the required field {name} is missing"))),
                );
            }
        }
    }

    /// What alternatives say of the values that the API server sets where none is written.
    fn defaults(
        &mut self,
        node: Node<'a>,
        schema: &'s Schema,
        outer: &'s Schema,
        versions: Versions,
    ) {
        for field in schema.fields.iter().filter(|field| node.get(&field.name).is_none()) {
            let Some(of_field) = outer.schema_of(&field.name) else { continue };
            let default = of_field.default.as_ref().and_then(|tree| tree.root(0));
            let (Some(default), Some(schema)) = (default, field.schema.inline()) else { continue };
            if !walk_schema(default, None, schema, of_field, versions).is_empty() {
                let said = format!("the default of {} doesn't fit", field.name);
                self.complaints.push(
                    Complaint::new(Problem::InvalidValue, Spot::Value(node), versions).says(said),
                );
            }
        }
    }

    fn unknown_field(
        &mut self,
        entry: Entry<'a>,
        key: Option<Node<'a>>,
        schema: &'s Schema,
        versions: Versions,
    ) {
        let name = entry.key.text();
        if is_unresolved(name) {
            self.unknown(entry.key, versions);
            return;
        }
        let known: Vec<&str> = schema
            .fields
            .iter()
            .filter(|field| !field.versions.and(versions).is_empty())
            .map(|field| &*field.name)
            .collect();
        let others = schema.fields_named(name).iter().map(|field| field.versions);
        let others = others.fold(Versions::NONE, Versions::or);
        let help = if !others.is_empty() {
            Some(format!("Kubernetes {others} has it"))
        } else if let Some(nearest) = super::nearest(name, known.iter().copied()) {
            Some(format!("did you mean {nearest}?"))
        } else if known.is_empty() {
            Some("there are no fields here".to_owned())
        } else if known.len() <= 12 {
            Some(format!("known here: {}", known.join(", ")))
        } else {
            None
        };
        self.complaints.push(
            Complaint::new(Problem::UnknownField, Spot::Key(entry.key), versions)
                .says(named(key, format_args!("unknown field {name}")))
                .help(help),
        );
    }

    fn scalar(
        &mut self,
        node: Node<'a>,
        key: Option<Node<'a>>,
        schema: &'s Schema,
        outer: &'s Schema,
        versions: Versions,
    ) {
        let has_format = schema.format != super::formats::Format::None;
        if schema.restrictions.is_none() && !has_format {
            if schema.types.is_any() {
                return;
            }
            // In quotes it is a text, whatever its variables.
            let is_text = || node.style() != Style::Plain || is_surely_text(node.text());
            if schema.types.allow(Types::STRING) && node.tag().is_none() && is_text() {
                return;
            }
        }
        let scalar = node.scalar(Dialect::GoYamlV2);
        let has_text = matches!(scalar, Scalar::Str(_));
        if has_text && is_unresolved(node.text()) {
            let is_free = schema.types.allow(Types::STRING)
                && schema.restrictions.is_none()
                && !schema.format.is_of_texts();
            if !(is_free && stays_text(node)) {
                self.unknown(node, versions);
            }
            return;
        }
        let is_whole_to_json = match scalar {
            Scalar::Float(value) => !outer.is_custom || value.abs() <= MAX_WHOLE,
            _ => true,
        };
        if !schema.types.allow(type_of(scalar))
            || !is_whole_to_json && !schema.types.allow(Types::FRACTION)
        {
            self.wrong_type(node, key, schema.types, versions);
            return;
        }
        let enforced = versions.and(schema.format.versions());
        if !enforced.is_empty()
            && let Some((problem, better)) = schema.format.problem(scalar)
        {
            let said = named(key, format_args!("{} is {problem}", shown(node)));
            let problem = Complaint::new(Problem::InvalidValue, Spot::Value(node), enforced);
            let is_divisor = key.is_some_and(|key| key.text() == "divisor");
            let is_quantity = schema.format == super::formats::Format::Quantity && !is_divisor;
            let help = better.map(|better| format!("did you mean {better}?"));
            self.complaints.push(problem.says(said).help(help).quantity(is_quantity));
        }
        if let Some(restrictions) = &schema.restrictions {
            if let Some((problem, better)) = restrictions.scalar_problem(scalar) {
                let said = named(key, format_args!("{} {problem}", shown(node)));
                let help = better.map(|better| format!("did you mean {better}?"));
                self.complaints.push(
                    Complaint::new(Problem::InvalidValue, Spot::Value(node), versions)
                        .says(said)
                        .help(help)
                        .choice(restrictions.rules_out(scalar)),
                );
            }
            // Of null, upstream's validation looks at the type and the enumeration alone.
            if scalar != Scalar::Null {
                self.alternatives(node, key, restrictions, outer, versions);
            }
        }
    }

    /// `allOf`, `anyOf`, `oneOf` and `not`.
    fn alternatives(
        &mut self,
        node: Node<'a>,
        key: Option<Node<'a>>,
        restrictions: &'s Restrictions,
        outer: &'s Schema,
        versions: Versions,
    ) {
        for schema in &restrictions.all_of {
            self.complaints.extend(walk_schema(node, key, schema, outer, versions));
        }
        let fits = |schema: &Schema| {
            // Most alternatives are types: a number or a text.
            if let Some(fits) = fits_type(node, schema, outer) {
                return Some(fits);
            }
            let complaints = walk_schema(node, key, schema, outer, versions);
            match complaints.iter().any(|complaint| complaint.problem != Problem::Unknown) {
                true => Some(false),
                false if complaints.is_empty() => Some(true),
                false => None,
            }
        };
        let mut wrong = |problem: String| {
            let said = named(key, problem);
            self.complaints.push(
                Complaint::new(Problem::InvalidValue, Spot::Value(node), versions).says(said),
            );
        };
        for (schemas, only_one) in [(&restrictions.any_of, false), (&restrictions.one_of, true)] {
            if schemas.is_empty() {
                continue;
            }
            let (mut count, mut unknown) = (0, false);
            for schema in schemas {
                match fits(schema) {
                    Some(true) => count += 1,
                    Some(false) => {}
                    None => unknown = true,
                }
            }
            if unknown {
                continue;
            }
            if count == 0 {
                wrong(format!("fits none of {} alternatives", schemas.len()));
            } else if only_one && count > 1 {
                wrong(format!("fits {count} alternatives, and must fit exactly one"));
            }
        }
        if let Some(not) = &restrictions.not
            && fits(not) == Some(true)
        {
            wrong("is what the schema rules out".to_owned());
        }
    }

    fn wrong_type(
        &mut self,
        node: Node<'a>,
        key: Option<Node<'a>>,
        types: Types,
        versions: Versions,
    ) {
        self.complaints.push(wrong_type(node, key, types, versions));
    }

    fn unknown(&mut self, node: Node<'a>, versions: Versions) {
        self.complaints.push(Complaint::new(Problem::Unknown, Spot::Value(node), versions));
    }
}

/// Says that a value has a type that isn't among these.
pub(super) fn wrong_type<'a>(
    node: Node<'a>,
    key: Option<Node<'a>>,
    types: Types,
    versions: Versions,
) -> Complaint<'a> {
    let wanted = types.words();
    let (said, help) = match node.kind() {
        Kind::Mapping => (format!("a mapping, not {wanted}"), None),
        Kind::Sequence => (format!("a list, not {wanted}"), None),
        _ => {
            let scalar = node.scalar(Dialect::GoYamlV2);
            let help = better(node, scalar, types);
            match scalar {
                Scalar::Null => (format!("null, not {wanted}"), help),
                _ => {
                    let is = type_of(scalar).words();
                    (format!("{} is {is}, not {wanted}", shown(node)), help)
                }
            }
        }
    };
    Complaint::new(Problem::WrongType, Spot::Value(node), versions)
        .says(named(key, said))
        .help(help)
}

/// Whether a known scalar fits a schema that says nothing but a type; none for all others.
fn fits_type(node: Node<'_>, schema: &Schema, outer: &Schema) -> Option<bool> {
    let is_bare = schema.restrictions.is_none() && schema.format == super::formats::Format::None;
    if !is_bare || node.kind() != Kind::Scalar {
        return None;
    }
    let scalar = node.scalar(Dialect::GoYamlV2);
    let is_huge =
        matches!(scalar, Scalar::Float(value) if outer.is_custom && value.abs() > MAX_WHOLE);
    if is_huge || matches!(scalar, Scalar::Str(_)) && is_unresolved(node.text()) {
        return None;
    }
    Some(schema.types.is_any() || schema.types.allow(type_of(scalar)))
}

/// The type of a scalar. A number without a fraction is whole, as JSON has it.
fn type_of(scalar: Scalar<'_>) -> Types {
    match scalar {
        Scalar::Null => Types::NULL,
        Scalar::Bool(_) => Types::BOOLEAN,
        Scalar::Int(_) | Scalar::UInt(_) => Types::INTEGER,
        Scalar::Float(value) if value.fract() == 0.0 => Types::INTEGER,
        Scalar::Float(_) => Types::FRACTION,
        Scalar::Str(_) | Scalar::Timestamp(_) | Scalar::Binary(_) => Types::STRING,
    }
}

/// Whether a plain scalar is a text without looking closer: no word, and without variables.
fn is_surely_text(text: &str) -> bool {
    let first = text.bytes().next();
    first.is_some_and(|first| first.is_ascii_alphabetic())
        && !may_be_word(text)
        && !is_unresolved(text)
}

/// Whether a text with variables is a text whatever they are: it is quoted, or what stands around
/// them can be part of no number, boolean, null or date.
fn stays_text(node: Node<'_>) -> bool {
    const WORDS: [&str; 7] = ["true", "false", "null", "yes", "no", "on", "off"];
    if node.style() != Style::Plain {
        return true;
    }
    let text = node.text();
    let head = text.split("${").next().unwrap_or_default().to_ascii_lowercase();
    let mut literal = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        literal.push_str(before);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    literal.push_str(rest);
    if head.starts_with(|first: char| first.is_ascii_alphabetic()) {
        let is_word = literal.chars().all(|char| char.is_ascii_alphabetic());
        return !is_word || !WORDS.iter().any(|word| word.starts_with(&head));
    }
    let fits = |char: char| char.is_ascii_alphanumeric() || "+-._:~ ".contains(char);
    let is_long = |word: &str| word.len() > "false".len();
    !literal.chars().all(fits) || literal.split(|c: char| !c.is_ascii_alphabetic()).any(is_long)
}

/// What somebody meant who wrote a scalar of a wrong type.
fn better(node: Node<'_>, scalar: Scalar<'_>, types: Types) -> Option<String> {
    let text = node.text();
    match scalar {
        Scalar::Str(_) if node.style() == Style::Plain => None,
        Scalar::Str(_) => {
            let plain = type_of(spanned_yaml::resolve_plain(text, Dialect::GoYamlV2));
            let fits = plain != Types::STRING && plain != Types::NULL && types.allow(plain);
            fits.then(|| format!("write it without quotes: {text}"))
        }
        Scalar::Null => None,
        _ if types.allow(Types::STRING) => Some(format!("write it in quotes: \"{text}\"")),
        _ => None,
    }
}

/// A scalar as messages show it: in quotes if it is a text, and not all of a long one.
pub(super) fn shown(node: Node<'_>) -> String {
    const MOST: usize = 60;
    let text = node.text();
    let mut short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    let is_text = matches!(node.scalar(Dialect::GoYamlV2), Scalar::Str(_));
    if is_text { format!("{short:?}") } else { short }
}

/// A message that starts with the field which it is about.
pub(super) fn named(key: Option<Node<'_>>, said: impl std::fmt::Display) -> String {
    match key {
        Some(key) => format!("{}: {said}", key.text()),
        None => said.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::stays_text;

    #[test]
    fn what_stands_around_a_variable_tells_whether_it_is_a_text() {
        let is_text = |text: &str| {
            let tree = spanned_yaml::parse(format!("- {text}"));
            let root = tree.root(0).unwrap();
            stays_text(root.items().next().unwrap())
        };
        for text in ["'${A}'", "app-${A}", "${A}/${B}", "web${A}", "${A}.example.com", "n-${A}"] {
            assert!(is_text(text), "{text}");
        }
        for text in
            ["${A}", "${A}${B}", "1${A}", "${A}.${B}", "t${A}", "${A}e", "-${A}", "2026-${A}"]
        {
            assert!(!is_text(text), "{text}");
        }
    }
}
