//! AWS's error code and request id, and the HTTP status, which are safe to show.

use std::fmt;

/// AWS's error code and request id, and the HTTP status; all absent if there was no answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// The HTTP status. A proxy's answer has one too.
    pub(crate) status: Option<u16>,
    pub(crate) code: Option<String>,
    pub(crate) request_id: Option<String>,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, &self.request_id) {
            (Some(code), Some(id)) => write!(f, " ({code}, request {id})"),
            (Some(code), None) => write!(f, " ({code})"),
            (None, _) => match self.status {
                Some(status) => write!(f, " (HTTP {status}, without an AWS error code)"),
                None => Ok(()),
            },
        }
    }
}
