//! The items of a partition that are to be deleted.

use super::super::error::{ItemError, LoadError, QueryError};
use super::candidate::Candidate;
use super::reads::Reads;
use super::request::Extent;
use crate::attribute::AttributeValue;
use crate::envelope::Item;
use crate::key::Capability;

/// An item that is to be deleted. Nothing of it is verified.
pub(in crate::operation) struct Doomed {
    /// The key attributes of the table.
    pub(in crate::operation) key: Item,
    /// What was fetched of it: among others, its envelope and version.
    pub(in crate::operation) item: Item,
}

impl<C: Capability> Reads<C> {
    /// The items of one page that are to be deleted, and the place behind the page if there are
    /// more.
    pub(in crate::operation) async fn doomed(
        &self,
        after: Option<&[AttributeValue]>,
    ) -> Result<(Vec<Doomed>, Option<Vec<AttributeValue>>), QueryError> {
        let extent = Extent { after, limit: None };
        let page = self.page(extent).await.map_err(QueryError::Request)?;
        let last = page.last.as_ref().map(|last| self.last_of(last));
        let (items, now) = (page.items.into_iter(), self.now());
        let candidates = items.filter_map(|item| self.candidate(item, now));
        let doomed = candidates.map(|Candidate { key, item, .. }| {
            let item = item.map_err(LoadError::Open);
            let item = item.and_then(|item| self.refuse_elsewhere(&item).map(|()| item));
            let key = self.own_key(&key);
            match item {
                Ok(item) => Ok(Doomed { key, item }),
                Err(error) => Err(QueryError::Item(ItemError::new(key, error))),
            }
        });
        Ok((doomed.collect::<Result<_, _>>()?, last))
    }
}
