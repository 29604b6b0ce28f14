//! Reads variables and collects what is wrong with them.

use std::{collections::BTreeMap, ffi::OsString, fmt, fs, ops::RangeInclusive, path::PathBuf};

use super::Variable;

/// What is wrong with one variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct ConfigError {
    /// The variable's name.
    pub variable: &'static str,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// The variables of a process, and the errors found in them so far.
///
/// A getter that finds an error notes it and returns some value of the type, so that reading goes
/// on and all errors are told at once. The values count only if [`Environment::finish`] is `Ok`.
#[derive(Debug, Default)]
pub struct Environment {
    values: BTreeMap<OsString, OsString>,
    errors: Vec<ConfigError>,
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        Self { values: std::env::vars_os().collect(), errors: Vec::new() }
    }

    /// An environment of given variables.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let values = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { values, errors: Vec::new() }
    }

    /// Notes that a variable is wrong.
    pub fn reject(&mut self, variable: &Variable, problem: impl Into<String>) {
        self.errors.push(ConfigError { variable: variable.name, problem: problem.into() });
    }

    /// Tells whether a variable is set, and not empty.
    pub fn is_set(&self, variable: &Variable) -> bool {
        self.values.get(&OsString::from(variable.name)).is_some_and(|value| !value.is_empty())
    }

    /// The text of a variable, or of its default.
    pub fn text(&mut self, variable: &Variable) -> Option<String> {
        if !self.is_set(variable) {
            return variable.default.map(str::to_owned);
        }
        let value = self.values.get(&OsString::from(variable.name))?;
        match value.to_str() {
            Some(text) => Some(text.to_owned()),
            None => {
                self.reject(variable, "isn't UTF-8");
                None
            }
        }
    }

    /// A number within a range.
    pub fn number<T>(&mut self, variable: &Variable, range: RangeInclusive<T>) -> T
    where
        T: std::str::FromStr + PartialOrd + fmt::Display + Copy,
    {
        let text = self.text(variable).unwrap_or_default();
        match text.parse::<T>() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let problem =
                    format!("`{text}` isn't a whole number {}..={}", range.start(), range.end());
                self.reject(variable, problem);
                *range.start()
            }
        }
    }

    /// `true` or `false`.
    pub fn flag(&mut self, variable: &Variable) -> bool {
        let text = self.text(variable).unwrap_or_default();
        text.parse().unwrap_or_else(|_| {
            self.reject(variable, format!("`{text}` is neither `true` nor `false`"));
            false
        })
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, variable: &Variable, choices: &[(&str, T)], other: T) -> T {
        let text = self.text(variable).unwrap_or_default();
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
            return *value;
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
        self.reject(variable, format!("`{text}` isn't one of {}", words.join(", ")));
        other
    }

    /// What a function makes of the variable's text; `None` if it is unset or wrong.
    pub fn parse<T, E: fmt::Display>(
        &mut self,
        variable: &Variable,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(variable)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.reject(variable, format!("`{text}`: {problem}"));
                None
            }
        }
    }

    /// The path of a file that can be read now; `None` if it is unset or can't.
    pub fn file(&mut self, variable: &Variable) -> Option<PathBuf> {
        let path = PathBuf::from(self.text(variable)?);
        match fs::read(&path) {
            Ok(_) => Some(path),
            Err(error) => {
                self.reject(variable, format!("`{}`: {error}", path.display()));
                None
            }
        }
    }

    /// Notes an error for each variable that is set though it means nothing without another.
    pub fn only_with(&mut self, needed: &Variable, variables: &[&Variable]) {
        for variable in variables {
            if self.is_set(variable) {
                self.reject(variable, format!("means nothing without {}", needed.name));
            }
        }
    }

    /// Ends reading.
    ///
    /// # Errors
    /// Everything that was found wrong, in the order of reading.
    pub fn finish(self) -> Result<(), Vec<ConfigError>> {
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: Variable =
        Variable { name: "PORT", default: Some("80"), values: "1..=65535", meaning: "" };
    const TLS: Variable =
        Variable { name: "TLS", default: Some("false"), values: "true, false", meaning: "" };
    const CA: Variable = Variable { name: "CA", default: None, values: "path", meaning: "" };

    #[test]
    fn defaults_count_where_a_variable_is_unset_or_empty() {
        let mut environment = Environment::of([("TLS", "")]);
        assert_eq!(environment.number(&PORT, 1..=65_535_u16), 80);
        assert!(!environment.flag(&TLS));
        assert_eq!(environment.file(&CA), None);
        assert_eq!(environment.finish(), Ok(()));
    }

    #[test]
    fn every_error_is_told() {
        let mut environment =
            Environment::of([("PORT", "0"), ("TLS", "yes"), ("CA", "/does/not/exist")]);
        environment.number(&PORT, 1..=65_535_u16);
        environment.flag(&TLS);
        environment.file(&CA);
        environment.only_with(&TLS, &[&CA]);
        let errors = environment.finish().unwrap_err();
        let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "PORT: `0` isn't a whole number 1..=65535",
                "TLS: `yes` is neither `true` nor `false`",
                "CA: `/does/not/exist`: No such file or directory (os error 2)",
                "CA: means nothing without TLS",
            ]
        );
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        use std::os::unix::ffi::OsStringExt;
        let mut environment = Environment::default();
        environment.values.insert("CA".into(), OsString::from_vec(vec![0xff]));
        assert_eq!(environment.text(&CA), None);
        assert_eq!(environment.finish().unwrap_err().len(), 1);
    }
}
