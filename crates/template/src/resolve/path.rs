//! The path of the value that is being resolved.

use countersign_yaml::Span;

use crate::error::{Place, TemplateError, What};

/// Keys and indices from the template to a value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path(String);

impl Path {
    pub fn of(keys: &[&str]) -> Self {
        Self(keys.join("."))
    }

    /// Does something one key further down.
    pub fn within<T>(&mut self, key: &str, act: impl FnOnce(&mut Self) -> T) -> T {
        let dot = if self.0.is_empty() { "" } else { "." };
        self.further(&format!("{dot}{key}"), act)
    }

    /// Does something one index further down.
    pub fn at<T>(&mut self, index: usize, act: impl FnOnce(&mut Self) -> T) -> T {
        self.further(&format!("[{index}]"), act)
    }

    fn further<T>(&mut self, step: &str, act: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.0.len();
        self.0.push_str(step);
        let result = act(self);
        self.0.truncate(length);
        result
    }

    pub fn error(&self, what: What, span: Span) -> TemplateError {
        TemplateError::new(what, Place::new(self.0.clone(), span))
    }
}
