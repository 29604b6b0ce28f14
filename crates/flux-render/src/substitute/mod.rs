//! Variables in manifests: `${NAME}` and what Flux makes of it after the build
//! (github.com/fluxcd/pkg/envsubst v1.8.0).
//!
//! Two things differ from upstream. Where it panics (a substring whose length is out of range) this
//! is an error; and expressions nest at most 100 deep.

mod glob;
mod operators;
mod parse;
mod scan;

use std::ops::Range;

use operators::Trouble;
use parse::{Expression, Parser, Part};

/// What variables have for values.
pub trait Variables {
    /// The value of a variable; none if there is no such variable.
    fn get(&self, name: &str) -> Option<Value<'_>>;
}

/// A variable's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'v> {
    /// It is this.
    Known(&'v str),
    /// It has one, which isn't known here: a Secret of the cluster holds it.
    Unknown,
}

/// How to substitute.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// A variable that isn't there is an error, unless the expression has a default.
    pub strict: bool,
}

/// A piece of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its bytes in the result.
    pub output: Range<usize>,
    /// Where they are from.
    pub from: From,
}

/// Where a piece of the result is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// Copied from these bytes of the input.
    Input(Range<usize>),
    /// Made by the expression at these bytes of the input.
    Expression {
        /// From `${` to `}`.
        expression: Range<usize>,
        /// The variables in it, by their index in [`Output::names`].
        variables: Vec<usize>,
        /// One of them is unknown, and so is the piece: it is left empty.
        unknown: bool,
    },
}

/// A text with its variables replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The result. Substrings are of bytes: one that cuts a character isn't UTF-8.
    pub text: Vec<u8>,
    /// The result's pieces, in order and without gaps.
    pub segments: Vec<Segment>,
    /// The variables that were asked for.
    pub names: Vec<String>,
    /// Variables without a value where no default stood, and the expressions that ask for them.
    pub undefined: Vec<(String, Range<usize>)>,
}

/// Why a text can't be substituted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorKind,
    /// Where, in the input.
    pub at: Range<usize>,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The expression isn't one.
    Malformed,
    /// What follows `${` is no name.
    Name,
    /// The name isn't followed by `}` or an operator.
    Unclosed,
    /// An operator's argument is missing.
    Argument,
    /// The variable has no value, in strict mode.
    Undefined(String),
    /// The substring's length is out of range, at which Flux's controller panics.
    Range,
    /// Expressions nest too deeply, or a value is too long for a pattern.
    Limit,
}

impl std::fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed => f.write_str("this is no expression: write `$${` for a plain `${`"),
            Self::Name => {
                f.write_str("no variable's name follows `${`: write `$${` for a plain `${`")
            }
            Self::Unclosed => f.write_str(
                "the name is followed by neither `}` nor an operator: `:-` gives a default",
            ),
            Self::Argument => f.write_str("the operator lacks its argument"),
            Self::Undefined(name) => write!(f, "the variable {name} has no value and no default"),
            Self::Range => f.write_str("the substring's length is out of range"),
            Self::Limit => f.write_str("the expressions nest too deeply, or a value is too long"),
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for Error {}

/// Replaces the variables of a text.
///
/// ```
/// use flux_render::substitute::{Options, Value, Variables, substitute};
///
/// struct Region;
/// impl Variables for Region {
///     fn get(&self, name: &str) -> Option<Value<'_>> {
///         (name == "region").then_some(Value::Known("westeurope"))
///     }
/// }
/// let output = substitute("${region} ${zone:=1} $${region}", &Region, Options::default())?;
/// assert_eq!(output.text, b"westeurope 1 ${region}");
/// # Ok::<(), flux_render::substitute::Error>(())
/// ```
///
/// # Errors
/// An expression is malformed or, in strict mode, a variable without default has no value.
pub fn substitute(
    text: &str,
    variables: &dyn Variables,
    options: Options,
) -> Result<Output, Error> {
    // Most texts have none at all.
    if memchr::memchr2(b'$', 0, text.as_bytes()).is_none() {
        let segment = Segment { output: 0..text.len(), from: From::Input(0..text.len()) };
        return Ok(Output { text: text.into(), segments: vec![segment], ..Output::default() });
    }
    let parts = Parser::new(text).parse()?;
    let mut run = Run { text, variables, options, output: Output::default() };
    for part in &parts {
        match part {
            Part::Text(pieces) => {
                for piece in pieces {
                    let start = run.output.text.len();
                    run.output.text.extend(text.as_bytes().get(piece.clone()).unwrap_or_default());
                    let output = start..run.output.text.len();
                    run.output.segments.push(Segment { output, from: From::Input(piece.clone()) });
                }
            }
            Part::Expression(expression) => {
                let mut used = Used::default();
                let value = run.value(expression, &mut used)?;
                let start = run.output.text.len();
                if !used.unknown {
                    run.output.text.extend(value);
                }
                let output = start..run.output.text.len();
                let from = From::Expression {
                    expression: expression.range.clone(),
                    variables: used.variables,
                    unknown: used.unknown,
                };
                run.output.segments.push(Segment { output, from });
            }
        }
    }
    Ok(run.output)
}

struct Run<'r> {
    text: &'r str,
    variables: &'r dyn Variables,
    options: Options,
    output: Output,
}

#[derive(Default)]
struct Used {
    variables: Vec<usize>,
    unknown: bool,
}

impl Run<'_> {
    fn value(&mut self, expression: &Expression, used: &mut Used) -> Result<Vec<u8>, Error> {
        let mut arguments = Vec::with_capacity(expression.arguments.len());
        for argument in &expression.arguments {
            arguments.push(match argument {
                Part::Text(pieces) => pieces
                    .iter()
                    .flat_map(|piece| self.text.as_bytes().get(piece.clone()).unwrap_or_default())
                    .copied()
                    .collect(),
                Part::Expression(inner) => self.value(inner, used)?,
            });
        }
        let name = &expression.name;
        let index = match self.output.names.iter().position(|known| known == name) {
            Some(index) => index,
            None => {
                self.output.names.push(name.clone());
                self.output.names.len() - 1
            }
        };
        if !used.variables.contains(&index) {
            used.variables.push(index);
        }
        let fail = |kind| Error { kind, at: expression.range.clone() };
        let value = match self.variables.get(name) {
            Some(Value::Known(value)) => value,
            Some(Value::Unknown) => {
                used.unknown = true;
                ""
            }
            None => {
                let default = matches!(
                    expression.operator.as_str(),
                    "-" | "+" | "=" | "?" | ":-" | ":+" | ":=" | ":?"
                );
                if !default {
                    if self.options.strict {
                        return Err(fail(ErrorKind::Undefined(name.clone())));
                    }
                    self.output.undefined.push((name.clone(), expression.range.clone()));
                }
                ""
            }
        };
        operators::apply(&expression.operator, value, &arguments).map_err(|trouble| {
            fail(match trouble {
                Trouble::Range => ErrorKind::Range,
                Trouble::Limit => ErrorKind::Limit,
            })
        })
    }
}
