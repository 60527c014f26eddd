//! How AWS signed an error: its code and request id, which are safe to show.

use std::fmt;

/// AWS's error code and request id; both absent when no answer came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) code: Option<String>,
    pub(crate) request_id: Option<String>,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, &self.request_id) {
            (Some(code), Some(id)) => write!(f, " ({code}, request {id})"),
            (Some(code), None) => write!(f, " ({code})"),
            (None, _) => Ok(()),
        }
    }
}
