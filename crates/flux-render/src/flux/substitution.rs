//! `postBuild`: variables in one object. The object is written, its text substituted, and what
//! comes out parsed again, with go-yaml v2's reading of scalars.

use std::{cell::Cell, sync::Arc};

use smol_str::SmolStr;
use spanned_yaml::{Dialect, Kind as YamlKind, Node as YamlNode, Scalar, Span};

use super::{
    pipeline::{Problem, ProblemKind},
    variables::Variables,
};
use crate::{
    emit::{self, Written},
    error::Error,
    files::Files,
    place::{Operation, Origin, Step},
    substitute::{self, From, Options, Output},
    tree::{Id, Kind, Node, ROOM, Style, Tag, Tree, resolved_tag},
    value,
};

/// The label or annotation that keeps an object from being substituted.
pub(crate) const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// The text of an object in which there is something to replace.
#[derive(Debug)]
pub(crate) struct Text {
    text: String,
    written: Vec<Written>,
}

impl Text {
    /// Writes an object; none if nothing in it can be replaced.
    ///
    /// # Errors
    /// The object can't be written.
    pub(crate) fn with_variables(object: &Tree) -> Result<Option<Self>, Error> {
        let (text, written) = emit::yaml(object)?;
        // What nothing holds any more isn't written.
        let has_any = memchr::memchr2(b'$', 0, text.as_bytes()).is_some();
        Ok(has_any.then_some(Self { text, written }))
    }
}

/// Whether an object's text can have a variable in it, or a zero byte, at which envsubst stops.
pub(crate) fn may_have_variables(object: &Tree) -> bool {
    object.has_byte(b'$', 0)
}

/// The object with its variables replaced; none if that can't be done. Unknown and undefined
/// variables stay in the text as they are.
///
/// # Errors
/// The outcome can't be held in a tree.
pub(crate) fn substitute_object(
    files: &dyn Files,
    object: &Tree,
    Text { text, written }: &Text,
    variables: &Variables,
    strict: bool,
    problems: &mut Vec<Problem>,
) -> Result<Option<Tree>, Error> {
    let origin_at = |offset: usize| {
        let behind = written.partition_point(|one| one.start as usize <= offset);
        let found = behind.checked_sub(1).and_then(|at| written.get(at));
        found.map(|one| object.node(one.id).origin.clone()).unwrap_or_default()
    };
    let output = match substitute::substitute(text, variables, Options { strict: false }) {
        Ok(output) => output,
        Err(error) => {
            problems.push(Problem::new(
                ProblemKind::InvalidSubstitution,
                error.to_string(),
                origin_at(error.at.start),
            ));
            return Ok(None);
        }
    };
    for (name, range) in &output.undefined {
        let expression = text.get(range.clone()).unwrap_or_default();
        let (message, help) = if strict {
            (
                format!("the variable {name} has no value: Flux refuses the Kustomization"),
                format!("add {name} to postBuild, or give a default: ${{{name}:=...}}"),
            )
        } else {
            (
                format!("the variable {name} has no value: {expression} becomes empty"),
                format!("add {name} to postBuild, or write `$${{{name}}}` for the text itself"),
            )
        };
        problems.push(Problem {
            help: Some(help),
            ..Problem::new(ProblemKind::UndefinedVariable, message, origin_at(range.start))
        });
    }
    let result = Replaced::new(text, &output, strict);
    let tree = spanned_yaml::parse(result.text.as_str());
    if let Some(error) = tree.errors().first() {
        let at = result.input_offset(error.span.start as usize);
        problems.push(Problem::new(
            ProblemKind::InvalidSubstitution,
            format!("with its variables replaced it is no YAML any more: {}", error.message),
            origin_at(at),
        ));
        return Ok(None);
    }
    let Some(root) = tree.root(0) else { return Ok(None) };
    let made = Tree::with_room(tree.node_count() + ROOM, |tree| {
        let mut import = Import {
            files,
            holders: holders(object),
            path: Vec::new(),
            near: Cell::new((0, 0)),
            before: object,
            written,
            result: &result,
            variables,
            tree,
            problems,
        };
        Ok::<Id, Error>(import.node(root, 0))
    })?;
    Ok(Some(made))
}

/// The text after substitution, and where its pieces are from.
struct Replaced {
    text: String,
    pieces: Vec<ReplacedPiece>,
}

struct ReplacedPiece {
    start: usize,
    end: usize,
    /// First byte in the input.
    input: usize,
    /// The names of the variables that it is made of, where it isn't copied.
    variables: Vec<String>,
}

impl Replaced {
    fn new(input: &str, output: &Output, strict: bool) -> Self {
        let text = String::with_capacity(output.text.len());
        let mut made = Self { text, pieces: Vec::with_capacity(output.segments.len()) };
        let bytes = |range: &std::ops::Range<usize>| {
            String::from_utf8_lossy(output.text.get(range.clone()).unwrap_or_default())
        };
        for segment in &output.segments {
            let start = made.text.len();
            let (input_start, variables) = match &segment.from {
                From::Input(range) => {
                    made.text.push_str(&bytes(&segment.output));
                    (range.start, Vec::new())
                }
                From::Expression { expression, variables, unknown } => {
                    let within = |range: &std::ops::Range<usize>| {
                        expression.start <= range.start && range.end <= expression.end
                    };
                    let undefined = output.undefined.iter().any(|(_, range)| within(range));
                    if *unknown || (undefined && strict) {
                        made.text.push_str(input.get(expression.clone()).unwrap_or_default());
                    } else {
                        made.text.push_str(&bytes(&segment.output));
                    }
                    let names =
                        variables.iter().filter_map(|index| output.names.get(*index)).cloned();
                    (expression.start, names.collect())
                }
            };
            let end = made.text.len();
            made.pieces.push(ReplacedPiece { start, end, input: input_start, variables });
        }
        made
    }

    fn piece_at(&self, offset: usize) -> usize {
        self.pieces.partition_point(|piece| piece.start <= offset).saturating_sub(1)
    }

    fn input_offset(&self, offset: usize) -> usize {
        self.input_at(self.piece_at(offset), offset)
    }

    /// The place in the input of one in a piece.
    fn input_at(&self, piece: usize, offset: usize) -> usize {
        let Some(piece) = self.pieces.get(piece) else { return 0 };
        if piece.variables.is_empty() { piece.input + (offset - piece.start) } else { piece.input }
    }

    /// The expressions in a stretch of the text.
    fn expressions(&self, start: usize, end: usize) -> impl Iterator<Item = &ReplacedPiece> {
        let from = self.piece_at(start);
        self.pieces
            .get(from..)
            .unwrap_or_default()
            .iter()
            .take_while(move |piece| piece.start < end || piece.start == start)
            .filter(move |piece| !piece.variables.is_empty() && piece.end >= start)
    }
}

struct Import<'i> {
    files: &'i dyn Files,
    before: &'i Tree,
    /// What holds each node of it, by its number.
    holders: Vec<Option<Id>>,
    /// Keys that lead to the present node; `[]` for items.
    path: Vec<&'i str>,
    /// The pieces of the result and of the input that were found last: most nodes come in order.
    near: Cell<(usize, usize)>,
    written: &'i [Written],
    result: &'i Replaced,
    variables: &'i Variables,
    tree: &'i mut Tree,
    problems: &'i mut Vec<Problem>,
}

impl<'i> Import<'i> {
    fn node(&mut self, node: YamlNode<'i>, depth: usize) -> Id {
        let target = node.target();
        if depth > crate::MOST_LEVELS {
            return self.tree.add(Node::empty(Kind::Mapping, Origin::default()));
        }
        let before = self.written_at(node.span().start as usize);
        match target.kind() {
            YamlKind::Mapping => {
                let mut children: Vec<Id> = Vec::with_capacity(target.len() * 2);
                let mut is_replaced = false;
                for entry in target.entries() {
                    let key = self.key(entry.key);
                    self.path.push(entry.key.text());
                    let value = self.node(entry.value, depth + 1);
                    self.path.pop();
                    let Span { start, end } = entry.key.span();
                    is_replaced |=
                        self.result.expressions(start as usize, end as usize).next().is_some();
                    // Of two keys that have become the same, the later one counts.
                    let is_same = |known: &Id| self.tree.text(*known) == self.tree.text(key);
                    let known = is_replaced.then(|| {
                        children.chunks_exact(2).position(|pair| pair.first().is_some_and(is_same))
                    });
                    match known.flatten().and_then(|at| children.get_mut(at * 2 + 1)) {
                        Some(slot) => *slot = value,
                        None => children.extend([key, value]),
                    }
                }
                let origin = self.collection_origin(before, Kind::Mapping);
                self.tree.add(Node { children, ..Node::new(Kind::Mapping, Tag::Map, "", origin) })
            }
            YamlKind::Sequence => {
                self.path.push("[]");
                let children = target.items().map(|item| self.node(item, depth + 1)).collect();
                self.path.pop();
                let origin = self.collection_origin(before, Kind::Sequence);
                self.tree.add(Node { children, ..Node::new(Kind::Sequence, Tag::Seq, "", origin) })
            }
            _ => self.scalar(node, before),
        }
    }

    /// The scalar of the input from which what stands here was made.
    fn written_at(&self, offset: usize) -> Option<Written> {
        let (piece, one) = self.near.get();
        let piece = last_before(&self.result.pieces, piece, |piece| piece.start <= offset)?;
        let input = self.result.input_at(piece, offset);
        let found = last_before(self.written, one, |one| one.start as usize <= input);
        self.near.set((piece, found.unwrap_or_default()));
        found.and_then(|at| self.written.get(at)).copied()
    }

    /// A collection begins with its first key, whose holder has what patches took away.
    fn collection_origin(&self, first: Option<Written>, kind: Kind) -> Origin {
        let Some(first) = first else { return Origin::default() };
        let holds = |id: Id| self.before.node(id).kind == kind;
        if holds(first.id) {
            return self.before.node(first.id).origin.clone();
        }
        let holder = self.holders.get(first.id.index()).copied().flatten();
        holder.map(|id| self.before.node(id).origin.clone()).unwrap_or_default()
    }

    /// Whether a scalar was meant as a text: somebody wrote it in quotes, or only texts may stand
    /// here.
    fn is_meant_as_text(&self, base: &Origin) -> bool {
        let quoted = || {
            let place = base.place?;
            let file = self.files.by_id(place.file)?;
            let first = *file.source().as_bytes().get(place.start as usize)?;
            Some(matches!(first, b'"' | b'\''))
        };
        let parent = self.path.len().checked_sub(2).and_then(|at| self.path.get(at));
        let of_texts = parent.is_some_and(|parent| {
            matches!(*parent, "labels" | "annotations" | "matchLabels" | "nodeSelector")
        });
        let data = self.path.len() == 2
            && parent.is_some_and(|parent| matches!(*parent, "data" | "stringData"))
            && matches!(self.before.top("kind"), "ConfigMap" | "Secret");
        let env = self.path.ends_with(&["env", "[]", "value"]);
        of_texts || data || env || quoted() == Some(true)
    }

    fn key(&mut self, key: YamlNode<'_>) -> Id {
        let before = self.written_at(key.span().start as usize);
        let origin = before.map(|one| self.before.node(one.id).origin.clone()).unwrap_or_default();
        let text = crate::kustomize::key_text(key);
        self.tree.add(Node::new(Kind::Scalar, Tag::Str, text, origin))
    }

    fn scalar(&mut self, node: YamlNode<'_>, before: Option<Written>) -> Id {
        let span = node.span();
        let (start, end) = (span.start as usize, span.end as usize);
        let base = before.map(|one| self.before.node(one.id).origin.clone()).unwrap_or_default();
        let mut names: Vec<(&str, bool)> = Vec::new();
        for piece in self.result.expressions(start, end) {
            for name in &piece.variables {
                // A quote may stand before it.
                names.push((name, piece.start <= start + 1));
            }
        }
        let mut origin = base.clone();
        for (name, leads) in &names {
            let Some(variable) = self.variables.table.get(*name) else { continue };
            if variable.value.is_none() {
                continue;
            }
            let place = if *leads && names.len() == 1 {
                variable.origin.place.or(origin.place)
            } else {
                origin.place
            };
            let step = Step {
                operation: Operation::Variable((*name).into()),
                place: variable.origin.place,
                before: Some(origin),
            };
            origin = Origin { place, step: Some(Arc::new(step)) };
        }
        let scalar = node.scalar(Dialect::GoYamlV2);
        if let (Some((name, _)), Some(one)) = (names.first(), before)
            && !matches!(scalar, Scalar::Str(_) | Scalar::Timestamp(_) | Scalar::Binary(_))
            && matches!(value::scalar(self.before.node(one.id)), Ok(value::Value::String(_)))
            && self.is_meant_as_text(&base)
        {
            let became = match scalar {
                Scalar::Null => "null",
                Scalar::Bool(_) => "a boolean",
                _ => "a number",
            };
            let message = format!("with {name} replaced, this text becomes {became}");
            self.problems.push(Problem {
                help: Some(format!(
                    "Flux drops the quotes before it substitutes: set a variable `quote` to '\"' \
                     and write ${{quote}}${{{name}}}${{quote}}"
                )),
                ..Problem::new(ProblemKind::ScalarChanged, message, base)
            });
        }
        let (tag, text): (Tag, SmolStr) = match scalar {
            Scalar::Null => (Tag::Null, "null".into()),
            Scalar::Bool(value) => (Tag::Bool, value.to_string().into()),
            Scalar::Int(value) => (Tag::Int, value.to_string().into()),
            Scalar::UInt(value) => (Tag::Int, value.to_string().into()),
            // On its way through JSON, 80.0 becomes 80.
            Scalar::Float(value) => {
                let text = value::json_float(value);
                (resolved_tag(&text), text.into())
            }
            Scalar::Str(_) | Scalar::Timestamp(_) | Scalar::Binary(_) => {
                (Tag::Str, node.text().into())
            }
        };
        let style = if tag == Tag::Str { Style::Quoted } else { Style::Plain };
        self.tree.add(Node { style, ..Node::new(Kind::Scalar, tag, text, origin) })
    }
}

/// The last one of a sorted list of which something holds, looked for a few steps onwards first.
fn last_before<T>(list: &[T], from: usize, holds: impl Fn(&T) -> bool) -> Option<usize> {
    let begins = list.get(from).is_some_and(&holds);
    let near = list.get(from + 1..).unwrap_or_default().iter().take(NEAR + 1);
    match near.take_while(|one| holds(one)).count() {
        steps if begins && steps <= NEAR => Some(from + steps),
        _ => list.partition_point(holds).checked_sub(1),
    }
}

/// Steps after which a search by halves is quicker.
const NEAR: usize = 4;

/// What holds each node, by its number.
fn holders(tree: &Tree) -> Vec<Option<Id>> {
    let mut holders = vec![None; tree.len()];
    let mut queue = vec![tree.root()];
    while let Some(id) = queue.pop() {
        for child in tree.children(id) {
            if holders.get_mut(child.index()).is_some_and(|holder| holder.replace(id).is_none()) {
                queue.push(*child);
            }
        }
    }
    holders
}
