//! The names of attributes and options.

pub(crate) const PARTITION_KEY: &str = "partition_key";
pub(crate) const SORT_KEY: &str = "sort_key";
pub(crate) const ENCRYPTED: &str = "encrypted";
pub(crate) const AUTHENTICATED: &str = "authenticated";

pub(crate) const ENVELOPE: &str = "envelope";
pub(crate) const SERDE: &str = "serde";

pub(crate) const OF: &str = "of";
pub(crate) const PLAINTEXT_ONLY: &str = "plaintext_only";
pub(crate) const PARTITION_KEY_NAME: &str = "partition_key_name";
pub(crate) const SORT_KEY_NAME: &str = "sort_key_name";
pub(crate) const INDEX: &str = "index";
pub(crate) const NAME: &str = "name";
pub(crate) const PARTITION: &str = "partition";
pub(crate) const SORT: &str = "sort";
pub(crate) const LOCAL: &str = "local";
pub(crate) const UNPROTECTED_PARTITION: &str = "unprotected_partition";
pub(crate) const PROJECT: &str = "project";
pub(crate) const TABLE: &str = "table";
pub(crate) const DEBUG: &str = "debug";
pub(crate) const CRATE: &str = "crate";
pub(crate) const RENAME: &str = "rename";
pub(crate) const RENAME_ALL: &str = "rename_all";
pub(crate) const FLATTEN: &str = "flatten";
pub(crate) const CATCH_ALL: &str = "catch_all";
pub(crate) const SKIP: &str = "skip";
pub(crate) const DEFAULT: &str = "default";
pub(crate) const CONTEXT: &str = "context";
pub(crate) const SINCE: &str = "since";
pub(crate) const UNSEALED_UNTIL: &str = "unsealed_until";
pub(crate) const BYTES: &str = "bytes";
pub(crate) const SET: &str = "set";
pub(crate) const ALIAS: &str = "alias";
pub(crate) const WITH: &str = "with";
pub(crate) const SERIALIZE_WITH: &str = "serialize_with";
pub(crate) const DESERIALIZE_WITH: &str = "deserialize_with";
pub(crate) const SKIP_SERIALIZING_IF: &str = "skip_serializing_if";
pub(crate) const VERSION: &str = "version";
pub(crate) const TTL: &str = "ttl";
pub(crate) const CREATED_AT: &str = "created_at";
pub(crate) const UPDATED_AT: &str = "updated_at";
pub(crate) const KEY: &str = "key";
