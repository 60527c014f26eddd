//! The cost of operations: in spans, and added up for the caller.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, Usage};
use envelope_tests::Backend;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::listening::listen;
use crate::support::{User, World};

type Fields = BTreeMap<&'static str, String>;

/// The fields of our spans when they close.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<Fields>>>);

struct Collect<'a>(&'a mut Fields);

impl Visit for Collect<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        if span.metadata().target().starts_with("envelope_runtime") {
            let mut fields = Fields::from([("span", span.name().to_owned())]);
            attributes.record(&mut Collect(&mut fields));
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(&mut Collect(fields));
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(fields) = context.span(&id).unwrap().extensions_mut().remove::<Fields>() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fields);
        }
    }
}

#[tokio::test]
async fn each_operation_is_a_span_with_its_table_and_its_counts() {
    let world = World::new().await;
    let spans = Spans::default();
    let listening = listen(tracing_subscriber::registry().with(spans.clone()));

    let user = User::new("the key of the record");
    world.store.create(&user).await.unwrap();
    world.store.put(&user).return_old().await.unwrap();
    world.store.replace(&user).await.unwrap();
    User::load(&world.store, user.id.as_str()).await.unwrap();
    let update = || world.store.update::<User>(user.id.as_str());
    update().seal(|f| f.ssn, "219-09-9999").return_new().await.unwrap();
    User::delete(&world.store, user.id.as_str()).await.unwrap();
    update().seal(|f| f.ssn, "219-09-9999").await.unwrap_err();
    drop(listening);

    let closed = std::mem::take(&mut *spans.0.lock().unwrap());
    let counts: Vec<_> = closed
        .iter()
        .map(|span| {
            assert_eq!(
                (span["span"].as_str(), span["table"].as_str()),
                ("dynamodb", &*format!("{:?}", world.table))
            );
            (span["operation"].as_str(), span["requests"].as_str(), span["kms_calls"].as_str())
        })
        .collect();
    let expected = [
        (r#""create""#, "1", "1"),
        (r#""put""#, "1", "2"),
        (r#""replace""#, "1", "1"),
        (r#""get""#, "1", "1"),
        (r#""update""#, "2", "2"),
        (r#""delete""#, "1", "0"),
        (r#""update""#, "1", "0"),
    ];
    assert_eq!(counts, expected);
    let all = format!("{closed:?}");
    for hidden in ["the key of", "zoë", "078-05", "219-09", "other"] {
        assert!(!all.contains(hidden), "{all}");
    }
}

#[tokio::test]
async fn usage_adds_up_requests_calls_and_capacity() {
    let world = World::new().await;
    let (usage, other) = (Usage::default(), Usage::default());
    let store = world.store.measured(&usage);

    User::new("u-1").save(&store).await.unwrap();
    User::load(&store.measured(&usage.clone()), "u-1").consistent().await.unwrap();
    User::load(&world.store.measured(&other), "u-2").await.unwrap();

    assert_eq!((usage.requests(), usage.kms_calls()), (2, 2));
    assert_eq!((other.requests(), other.kms_calls()), (1, 0));
    assert!(usage.write_units() >= 1.0 && usage.read_units() > 0.0, "{usage:?}");
    assert!(other.read_units() > 0.0 && other.write_units() == 0.0, "{other:?}");
    let text = format!("{other:?}");
    let counts = "kms_calls: 0, key_hits: 0, key_misses: 0, requests: 1, reread: 0, read_units: ";
    assert!(text.starts_with(&format!("Usage {{ {counts}")), "{text}");
}

#[tokio::test]
async fn what_was_sent_again_is_counted_and_so_is_what_failed() {
    let world = World::new().await;
    let usage = Usage::default();

    User::new("u-1").save(&world.store_losing_answers().measured(&usage)).await.unwrap();
    assert_eq!((usage.requests(), usage.kms_calls()), (2, 1));
    let (backend, faults) = Backend::with_kms_faults().await;
    let world = World::over(backend, &[("id", "S".into())]).await;
    faults.fail("AccessDeniedException", "");
    User::new("u-1").save(&world.store.measured(&usage)).await.unwrap_err();
    assert_eq!((usage.requests(), usage.kms_calls()), (2, 2));
}

/// Such as the call for a new data key, if the stored one is no longer to be used.
#[tokio::test]
async fn every_call_to_kms_counts() {
    let world = World::new().await;
    User::new("u-1").save(&world.store).await.unwrap();
    let other = world.backend.create_kms_key().await;
    let usage = Usage::default();

    let store =
        world.store_with(KmsKeyProvider::new(world.backend.kms.clone(), &other).accept(&world.key));
    store.measured(&usage).update::<User>("u-1").seal(|f| f.ssn, "x").await.unwrap();

    assert_eq!((usage.requests(), usage.kms_calls()), (2, 2));

    // Resolving an alias counts towards an operation too.
    let alias = world.backend.create_alias(&other).await;
    let store = world.store_with(KmsKeyProvider::new(world.backend.kms.clone(), alias));
    User::load(&store, "u-1").await.unwrap().unwrap();
    User::new("u-2").save(&world.store).await.unwrap();
    let usage = Usage::default();
    store.measured(&usage).get::<User>("u-2").await.unwrap_err();
    assert_eq!((usage.requests(), usage.kms_calls()), (1, 1));
}
