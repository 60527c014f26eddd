//! The settings of a table that this library creates and compares.

use std::fmt;

/// The encryption at rest of a table: the key under which DynamoDB encrypts all of its stored data,
/// in addition to the fields that this library seals.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[doc(alias = "SSESpecification")]
pub enum AtRest {
    /// A key that AWS owns: DynamoDB's own default. It costs nothing. It is in no account of yours,
    /// so no key policy covers it and `CloudTrail` does not show its uses.
    AwsOwned,
    /// The KMS key `aws/dynamodb`, which AWS manages in your account. `CloudTrail` shows its uses.
    AwsManaged,
    /// A KMS key of yours: its ARN, id, alias (`alias/…`) or alias ARN. You write its policy, and
    /// can disable it.
    ///
    /// DynamoDB reports a key by its ARN, and an alias cannot be compared with an ARN: give the ARN
    /// or the id where a report shall be complete.
    Customer(String),
}

/// The content of a table's stream. Sealed attributes are sealed in it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[doc(alias = "StreamViewType")]
pub enum StreamView {
    /// The key of each changed item.
    KeysOnly,
    /// The item after the change.
    NewImage,
    /// The item before the change.
    OldImage,
    /// Both.
    NewAndOldImages,
}

/// The way in which a table is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[doc(alias = "BillingMode")]
pub enum Billing {
    /// By request.
    #[doc(alias = "PAY_PER_REQUEST")]
    OnDemand,
    /// By read and write units per second, used or not.
    Provisioned,
}

/// The settings that a table should have. The record says the rest: the key and the TTL.
#[derive(Clone)]
pub(super) struct Settings {
    /// Absent if any KMS key will do.
    pub(super) at_rest: Option<AtRest>,
    /// Absent if any mode will do.
    pub(super) billing: Option<Billing>,
    /// `false` if it does not matter, as for the two below.
    pub(super) deletion_protection: bool,
    pub(super) point_in_time_recovery: bool,
    pub(super) stream: Option<StreamView>,
}

/// Read and write units per second.
#[derive(Clone, Copy)]
pub(super) struct Units {
    pub(super) read: u32,
    pub(super) write: u32,
}

impl StreamView {
    /// DynamoDB's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::KeysOnly => "KEYS_ONLY",
            Self::NewImage => "NEW_IMAGE",
            Self::OldImage => "OLD_IMAGE",
            Self::NewAndOldImages => "NEW_AND_OLD_IMAGES",
        }
    }
}

impl fmt::Display for AtRest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AwsOwned => f.write_str("a key that AWS owns"),
            Self::AwsManaged => f.write_str("the KMS key `aws/dynamodb`"),
            Self::Customer(key) => write!(f, "the KMS key `{key}`"),
        }
    }
}

impl fmt::Display for StreamView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Billing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnDemand => "on demand",
            Self::Provisioned => "by provisioned units",
        })
    }
}
