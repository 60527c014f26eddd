//! The store's provider, at the rate of scans and bulk loads.

use std::sync::Arc;

use super::Store;
use crate::key::{
    Capability, DataKey, DataKeyRequest, GeneratedDataKey, KeyFuture, KeyProvider, KeyReference,
};

/// Passes requests on to the store's provider, each when its turn has come.
pub(super) struct Paced<C>(pub(super) Store<C>);

/// A request's place in the order of calls. It is given back if the provider made no call, also if
/// the request is dropped.
struct Turn<'a, C> {
    store: &'a Store<C>,
    request: &'a DataKeyRequest,
    apart: DataKeyRequest,
}

impl<C> Paced<C> {
    async fn turn<'a>(&'a self, request: &'a DataKeyRequest) -> Turn<'a, C> {
        let Self(store) = self;
        let delay = store.pace.reserve(store.clock.monotonic());
        let turn = Turn { store, request, apart: request.apart() };
        if !delay.is_zero() {
            store.wait(delay).await;
        }
        turn
    }
}

impl<C> Drop for Turn<'_, C> {
    fn drop(&mut self) {
        self.store.pace.settle(self.request.add(&self.apart));
    }
}

impl<C: Capability> KeyProvider for Paced<C> {
    type Capability = C;

    fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        Box::pin(async {
            let turn = self.turn(request).await;
            self.0.provider().generate(&turn.apart).await
        })
    }

    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        request: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        Box::pin(async {
            let turn = self.turn(request).await;
            self.0.provider().decrypt(reference, &turn.apart).await
        })
    }

    fn is_current(&self, reference: &KeyReference, request: &DataKeyRequest) -> bool {
        self.0.provider().is_current(reference, request)
    }

    fn accepts(&self, reference: &KeyReference) -> bool {
        self.0.provider().accepts(reference)
    }

    fn clear(&self) {
        self.0.provider().clear();
    }

    fn keys_alive(&self) -> usize {
        self.0.provider().keys_alive()
    }
}
