//! Names of KMS keys: key ARNs, which identify one key, and names that only resolve to one.

use super::HINT_LEN;
use crate::crypto::sha256;

/// A key ARN: `arn:partition:kms:region:account:key/id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyArn {
    text: String,
    hint: [u8; HINT_LEN],
}

impl KeyArn {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (prefix, id) = split(text, "key/")?;
        Some(Self { text: text.to_owned(), hint: hint(&prefix, id) })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The hint that an envelope holds: the start of a hash of the ARN. The Region is left out for
    /// multi-Region keys, whose replicas are one key.
    pub(super) fn hint(&self) -> &[u8; HINT_LEN] {
        &self.hint
    }

    fn id(&self) -> &str {
        self.text.rsplit_once('/').map_or("", |(_, id)| id)
    }

    fn prefix(&self) -> &str {
        self.text.rsplit_once(':').map_or("", |(prefix, _)| prefix)
    }
}

/// A key's name, as it was configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyName {
    /// One fixed key.
    Arn(KeyArn),
    /// One fixed key, in whatever account and Region the client calls.
    Id(String),
    /// Whichever key the alias currently points to.
    Alias,
    /// The same, in the account and Region of this ARN prefix.
    AliasArn(String),
}

impl KeyName {
    /// `None` if `text` names no KMS key.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(arn) = KeyArn::parse(text) {
            return Some(Self::Arn(arn));
        }
        if split(text, "alias/").is_some() {
            let (prefix, _) = text.rsplit_once(':')?;
            return Some(Self::AliasArn(prefix.to_owned()));
        }
        if text.strip_prefix("alias/").is_some_and(|name| !name.is_empty()) {
            return Some(Self::Alias);
        }
        let is_id = !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        is_id.then(|| Self::Id(text.to_owned()))
    }

    /// Returns whether KMS may answer for the key `arn` if this name was requested.
    pub(super) fn may_be(&self, arn: &KeyArn) -> bool {
        match self {
            Self::Arn(configured) => configured == arn,
            Self::Id(id) => arn.id() == id,
            Self::Alias => true,
            Self::AliasArn(prefix) => arn.prefix() == prefix,
        }
    }

    /// Returns whether the name can move to another key.
    pub(super) fn can_move(&self) -> bool {
        matches!(self, Self::Alias | Self::AliasArn(_))
    }
}

/// Splits a KMS ARN into `[partition, region, account]` and the name after `resource`.
fn split<'a>(text: &'a str, resource: &str) -> Option<([&'a str; 3], &'a str)> {
    let mut parts = text.splitn(6, ':');
    let (scheme, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account) = (parts.next()?, parts.next()?);
    let name = parts.next()?.strip_prefix(resource)?;
    let whole = scheme == "arn" && service == "kms";
    let filled = [partition, region, account, name].iter().all(|part| !part.is_empty());
    (whole && filled).then_some(([partition, region, account], name))
}

fn hint([partition, region, account]: &[&str; 3], id: &str) -> [u8; HINT_LEN] {
    let region = if id.starts_with("mrk-") { "" } else { region };
    let arn = format!("arn:{partition}:kms:{region}:{account}:key/{id}");
    let digest = sha256(&[b"envelope/1 kms ", arn.as_bytes()]);
    digest.first_chunk::<HINT_LEN>().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    fn arn(text: &str) -> KeyArn {
        KeyArn::parse(text).unwrap()
    }

    #[test]
    fn the_four_ways_to_name_a_key_are_told_apart() {
        assert_eq!(KeyName::parse(ARN), Some(KeyName::Arn(arn(ARN))));
        assert_eq!(arn(ARN).as_str(), ARN);
        assert_eq!(
            KeyName::parse("arn:aws:kms:eu-west-1:111122223333:alias/users"),
            Some(KeyName::AliasArn("arn:aws:kms:eu-west-1:111122223333".to_owned()))
        );
        assert_eq!(KeyName::parse("alias/users"), Some(KeyName::Alias));
        assert_eq!(KeyName::parse("mrk-12"), Some(KeyName::Id("mrk-12".to_owned())));
        for not_a_key in
            ["", "alias/", "arn:aws:kms:eu-west-1:1:key/", "arn:aws:s3:::key/a", "a b", "a:b"]
        {
            assert_eq!(KeyName::parse(not_a_key), None, "{not_a_key}");
        }
    }

    #[test]
    fn hints_are_those_of_the_format() {
        // Computed from FORMAT.md with Python's hashlib.
        assert_eq!(arn(ARN).hint(), &0xa048_45ba_eb72_997d_u64.to_be_bytes());
        let multi_region = arn("arn:aws:kms:eu-west-1:111122223333:key/mrk-1");
        assert_eq!(multi_region.hint(), &0x0c81_7db3_293c_0a4e_u64.to_be_bytes());
    }

    #[test]
    fn a_hint_differs_in_every_part_of_the_arn() {
        for other in [
            "arn:aws-cn:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:eu-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:eu-west-1:111122223334:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ac",
        ] {
            assert_ne!(arn(other).hint(), arn(ARN).hint(), "{other}");
        }
    }

    #[test]
    fn replicas_of_a_multi_region_key_share_their_hint() {
        let here = arn("arn:aws:kms:eu-west-1:111122223333:key/mrk-1");
        let there = arn("arn:aws:kms:us-east-1:111122223333:key/mrk-1");

        assert_eq!(here.hint(), there.hint());
        assert_ne!(here, there);
    }

    #[test]
    fn an_answer_for_another_key_is_not_taken() {
        for name in [
            ARN,
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:eu-west-1:111122223333:alias/a",
            "alias/a",
        ] {
            assert!(KeyName::parse(name).unwrap().may_be(&arn(ARN)), "{name}");
        }
        let other = arn("arn:aws:kms:eu-west-1:111122223333:key/other");
        for name in [
            ARN,
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:us-east-1:111122223333:alias/a",
        ] {
            assert!(!KeyName::parse(name).unwrap().may_be(&other), "{name}");
        }
        assert!(KeyName::parse("alias/a").unwrap().may_be(&other));
    }
}
