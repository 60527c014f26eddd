//! The bytes that protection adds to an item, as DynamoDB counts them: names and values. The data
//! key has one copy, as long as one that AWS KMS wraps.

use envelope_benches::given::{Given, ready};
use envelope_benches::records::{Bytes, Eleven, One, Ten, Three};
use envelope_benches::report;
use envelope_runtime::{AttributeValue, EnvelopeRecord, Item, Number, Sealer};

fn main() {
    println!("{:<28} {:>10} {:>10} {:>10}", "bytes", "plaintext", "sealed", "added");
    let one = One::of(32);
    let added = row("1 field of 32 B", &one, &texts(&one.lengths()));
    let three = Three::of(32);
    row("3 fields of 32 B", &three, &texts(&three.lengths()));
    let ten = Ten::of(32);
    row("10 fields of 32 B", &ten, &texts(&ten.lengths()));
    let eleven = Eleven::example();
    row("11 attributes, 3 encrypted", &eleven, &plaintext(&eleven));
    let kib = One::of(1024);
    row("1 field of 1 KiB", &kib, &texts(&kib.lengths()));
    let text = One::of(64 << 10);
    row("1 String of 64 KiB", &text, &texts(&text.lengths()));
    let bytes = Bytes { id: "r-1".to_owned(), content: vec![1; 64 << 10] };
    let content = ("content".to_owned(), AttributeValue::B(bytes.content.clone()));
    row("1 Vec<u8> of 64 KiB", &bytes, &[id(&bytes.id), content].into_iter().collect());
    report("size_added_one_field", added);
}

/// Prints the sizes of a record's items, and returns their difference.
fn row<R: EnvelopeRecord>(title: &str, record: &R, plaintext: &Item) -> f64 {
    let sealed = ready(Sealer::new(Given).seal(record));
    let sealed = sealed.unwrap_or_else(|error| unreachable!("{error}")).size();
    let plaintext = plaintext.size();
    let added = sealed - plaintext;
    println!("{title:<28} {plaintext:>10} {sealed:>10} {added:>10}");
    u32::try_from(added).map_or(f64::NAN, f64::from)
}

/// The item of texts of these lengths, under the names `a`, `b`, `c` and so on.
fn texts(lengths: &[usize]) -> Item {
    let texts = ('a'..='z').zip(lengths);
    let texts = texts.map(|(name, len)| (name.to_string(), text(&"x".repeat(*len))));
    texts.chain([id("r-1")]).collect()
}

/// The item of a record without protection.
fn plaintext(record: &Eleven) -> Item {
    let tags = record.tags.iter().map(|tag| text(tag)).collect();
    let item = [
        id(&record.id),
        ("name".to_owned(), text(&record.name)),
        ("ward".to_owned(), text(&record.ward)),
        ("status".to_owned(), text(&record.status)),
        ("logins".to_owned(), AttributeValue::N(Number::from(record.logins))),
        ("active".to_owned(), AttributeValue::Bool(record.active)),
        ("tags".to_owned(), AttributeValue::L(tags)),
        ("role".to_owned(), text(&record.role)),
        ("ssn".to_owned(), text(&record.ssn)),
        ("email".to_owned(), text(&record.email)),
    ];
    let phone = record.phone.iter().map(|phone| ("phone".to_owned(), text(phone)));
    item.into_iter().chain(phone).collect()
}

fn id(id: &str) -> (String, AttributeValue) {
    ("id".to_owned(), text(id))
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}
