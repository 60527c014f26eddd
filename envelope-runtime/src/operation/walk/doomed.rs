//! The items of a partition that are to be deleted.

use super::super::error::{ItemError, LoadError, QueryError};
use super::candidate::Candidate;
use super::reads::{Gives, Reads};
use super::request::Extent;
use crate::attribute::AttributeValue;
use crate::envelope::{Item, makes_its_key};
use crate::key::Capability;

/// An item that is to be deleted. Nothing of it is verified.
pub(in crate::operation) struct Doomed {
    /// The key attributes of the table.
    pub(in crate::operation) key: Item,
    /// What was fetched of it: among others, its envelope and version.
    pub(in crate::operation) item: Item,
}

/// The items of one page of a partition.
pub(in crate::operation) struct DoomedPage {
    pub(in crate::operation) items: Vec<Doomed>,
    /// The number of items that are not of the type, although their sort keys could be.
    pub(in crate::operation) kept: u64,
    /// The place behind the page, if there are more.
    pub(in crate::operation) last: Option<Vec<AttributeValue>>,
}

impl<C: Capability> Reads<C> {
    /// The items of one page that are to be deleted.
    pub(in crate::operation) async fn doomed(
        &self,
        after: Option<&[AttributeValue]>,
    ) -> Result<DoomedPage, QueryError> {
        let extent = Extent { after, limit: None };
        let page = self.page(extent).await.map_err(QueryError::Request)?;
        let last = page.last.as_ref().map(|last| self.last_of(last));
        let (items, now) = (page.items.into_iter(), self.now());
        let candidates = items.filter_map(|item| self.candidate(item, now));
        let mut page = DoomedPage { items: Vec::new(), kept: 0, last };
        for Candidate { key, item, .. } in candidates {
            let key = self.own_key(&key);
            let item = item.map_err(LoadError::Open);
            let item = item.and_then(|item| self.refuse_elsewhere(&item).map(|()| item));
            let item = match item {
                Ok(item) => item,
                Err(error) => return Err(QueryError::Item(ItemError::new(key, error))),
            };
            // A key that only looks like one of this type's, with other attributes beside it.
            if self.gives == Gives::Deleted && !makes_its_key(&self.schema, &item) {
                page.kept += 1;
            } else {
                page.items.push(Doomed { key, item });
            }
        }
        Ok(page)
    }
}
