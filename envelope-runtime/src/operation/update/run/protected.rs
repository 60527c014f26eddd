//! An update of protected attributes: read, verify, seal, and write over the envelope that was read.

use super::patience::Patience;
use super::{Answer, Returned, Running, Sent};
use crate::attribute::{AttributeValue, Number, Wiped};
use crate::envelope::{ExpectedContext, Item, Opening, Rewrite, RewriteError, Verified};
use crate::error::{ServiceError, UpdateError};
use crate::expression::{Clauses, Placeholders};
use crate::key::{CanDecrypt, CanEncrypt, DataKey, EncryptionContext, KeyReference};
use crate::operation::sdk::from_sdk_item;
use crate::record::{Change, EnvelopeRecord, FieldSchema, stored_version};

impl<R: EnvelopeRecord, C: CanEncrypt + CanDecrypt> Running<'_, R, C> {
    pub(super) async fn protected(
        &self,
        expected: &ExpectedContext,
        mut known: Option<Item>,
        mut patience: Patience,
    ) -> Result<Answer, UpdateError> {
        let schema = self.schema;
        let context = expected.encryption_context(&schema).counting(self.meter.kms_calls());
        let mut held: Option<(KeyReference, DataKey)> = None;
        loop {
            let (item, is_whole) = match known.take() {
                Some(item) => (item, false),
                None => (self.read().await?, true),
            };
            let item = self.live(Some(item))?;
            let opening = Opening::new(schema, item, Some(self.key.attributes()), expected)
                .map_err(UpdateError::Open)?;
            let data_key = match held.take() {
                Some((reference, data_key)) if reference == *opening.reference() => data_key,
                _ => self.decrypt(opening.reference(), &context).await?,
            };
            let verified = opening.verified(&data_key).map_err(UpdateError::Open)?;
            let rewrite = self.rewrite(&verified, &data_key, &context, is_whole).await?;
            held = Some((verified.reference().clone(), data_key));
            // It takes more than what was known: the item is read.
            let Some(rewrite) = rewrite else { continue };

            let mut to = Placeholders::default();
            let mut clauses = Clauses::default();
            for (name, value) in rewrite.set.iter() {
                clauses.set(&mut to, name, value.clone());
            }
            for name in &rewrite.remove {
                clauses.remove(&mut to, name);
            }
            self.write_plaintext(&mut clauses, &mut to);
            let read = AttributeValue::B(verified.envelope().to_vec());
            let node = Some(self.envelope_is(&read));
            let stored = match self.send(clauses, to, node, false).await? {
                Sent::Written(answer) => return Ok(answer),
                Sent::Refused(stored) => self.live(stored)?,
                // The SDK was not told to give up at once.
                Sent::Throttled => return Err(self.contended()),
            };
            let envelope = stored.attribute(schema.envelope());
            if envelope == rewrite.set.attribute(schema.envelope()) {
                // An answer was lost, the SDK sent the request again, and it met its own write.
                return Ok((self.returned == Returned::New).then(|| stored.into()));
            }
            if envelope == Some(&read) {
                self.check_older_names(&stored)?;
                return Err(self.refused(stored));
            }
            if self.meter.lost_an_answer() && !self.plan.may_be_repeated() {
                return Err(self.unknown());
            }
            if !patience.wait(self.store).await {
                return Err(self.contended());
            }
        }
    }

    async fn decrypt(
        &self,
        reference: &KeyReference,
        context: &EncryptionContext,
    ) -> Result<DataKey, UpdateError> {
        let data_key = self.store.provider().decrypt(reference, context).await;
        data_key.map_err(|error| UpdateError::DecryptDataKey(error.at(self.schema.place())))
    }

    /// What to write; nothing where the item must be read as a whole first.
    async fn rewrite(
        &self,
        verified: &Verified,
        data_key: &DataKey,
        context: &EncryptionContext,
        is_whole: bool,
    ) -> Result<Option<Rewrite>, UpdateError> {
        for field in self.plaintext_fields() {
            verified.protection(field).map_or(Ok(()), Err).map_err(UpdateError::Open)?;
        }
        if is_whole {
            self.check_older_names(verified.item())?;
        }
        let counted = self.counted(verified.item())?;
        let changes = self.plan.protected.iter().chain(&counted);
        let changes: Vec<_> = changes.map(|(field, change)| (*field, change)).collect();
        let provider = self.store.provider();
        let rewrite = if provider.is_current(verified.reference()) {
            verified.rewrite(&changes, data_key, is_whole)
        } else if is_whole {
            let generated = provider.generate(context).await;
            let generated = generated
                .map_err(|error| UpdateError::GenerateDataKey(error.at(self.schema.place())))?;
            let (data_key, reference) = generated.into_parts();
            verified.reseal(&changes, &data_key, reference).map(Some)
        } else {
            Ok(None)
        };
        match rewrite {
            Ok(rewrite) => Ok(rewrite),
            Err(RewriteError::Open(error)) => Err(UpdateError::Open(error)),
            Err(RewriteError::Seal(error)) => Err(UpdateError::Seal(error)),
        }
    }

    /// The next version, where the record tag covers it. The one that is stored must be the expected one.
    fn counted(
        &self,
        stored: &Item,
    ) -> Result<Option<(&'static FieldSchema, Change)>, UpdateError> {
        let Some(field) = self.schema.version() else { return Ok(None) };
        let found = stored_version(stored.attribute(field.name()));
        if let Some(expected) = self.plan.version
            && found != Some(expected)
        {
            return Err(self.other_version(expected, found, stored));
        }
        if !field.is_protected() {
            return Ok(None);
        }
        let Some(next) = found.and_then(|found| found.checked_add(1)) else {
            return Err(self.other_version(self.plan.version.unwrap_or_default(), found, stored));
        };
        let next = Wiped::new(AttributeValue::N(Number::from(next)));
        Ok(Some((field, Change::Set(Some(next)))))
    }

    async fn read(&self) -> Result<Item, UpdateError> {
        let table = self.store.physical_table::<R>();
        let mut request = self.store.client().get_item().table_name(table).consistent_read(true);
        for (name, value) in self.key.attributes() {
            request = request.key(*name, value.clone().into());
        }
        let request = request.set_return_consumed_capacity(self.meter.capacity());
        let answer = request.customize().interceptor(self.meter.attempts()).send().await;
        let answer = answer.map_err(|error| {
            UpdateError::Request(ServiceError::new(self.schema.place(), table, &error))
        })?;
        self.meter.has_read(answer.consumed_capacity());
        let item = answer.item.ok_or_else(|| self.not_found())?;
        from_sdk_item(&self.schema, item).map_err(UpdateError::Open)
    }
}
