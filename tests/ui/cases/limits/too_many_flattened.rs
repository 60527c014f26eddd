use envelope_runtime::{EnvelopeFields, EnvelopeRecord};

#[derive(EnvelopeFields)]
struct First {
    #[authenticated]
    a0: u8,
    #[authenticated]
    a1: u8,
    #[authenticated]
    a2: u8,
    #[authenticated]
    a3: u8,
    #[authenticated]
    a4: u8,
    #[authenticated]
    a5: u8,
    #[authenticated]
    a6: u8,
    #[authenticated]
    a7: u8,
    #[authenticated]
    a8: u8,
    #[authenticated]
    a9: u8,
    #[authenticated]
    a10: u8,
    #[authenticated]
    a11: u8,
    #[authenticated]
    a12: u8,
    #[authenticated]
    a13: u8,
    #[authenticated]
    a14: u8,
    #[authenticated]
    a15: u8,
    #[authenticated]
    a16: u8,
    #[authenticated]
    a17: u8,
    #[authenticated]
    a18: u8,
    #[authenticated]
    a19: u8,
    #[authenticated]
    a20: u8,
    #[authenticated]
    a21: u8,
    #[authenticated]
    a22: u8,
    #[authenticated]
    a23: u8,
    #[authenticated]
    a24: u8,
    #[authenticated]
    a25: u8,
    #[authenticated]
    a26: u8,
    #[authenticated]
    a27: u8,
    #[authenticated]
    a28: u8,
    #[authenticated]
    a29: u8,
    #[authenticated]
    a30: u8,
    #[authenticated]
    a31: u8,
    #[authenticated]
    a32: u8,
}

#[derive(EnvelopeFields)]
struct Second {
    #[authenticated]
    b0: u8,
    #[authenticated]
    b1: u8,
    #[authenticated]
    b2: u8,
    #[authenticated]
    b3: u8,
    #[authenticated]
    b4: u8,
    #[authenticated]
    b5: u8,
    #[authenticated]
    b6: u8,
    #[authenticated]
    b7: u8,
    #[authenticated]
    b8: u8,
    #[authenticated]
    b9: u8,
    #[authenticated]
    b10: u8,
    #[authenticated]
    b11: u8,
    #[authenticated]
    b12: u8,
    #[authenticated]
    b13: u8,
    #[authenticated]
    b14: u8,
    #[authenticated]
    b15: u8,
    #[authenticated]
    b16: u8,
    #[authenticated]
    b17: u8,
    #[authenticated]
    b18: u8,
    #[authenticated]
    b19: u8,
    #[authenticated]
    b20: u8,
    #[authenticated]
    b21: u8,
    #[authenticated]
    b22: u8,
    #[authenticated]
    b23: u8,
    #[authenticated]
    b24: u8,
    #[authenticated]
    b25: u8,
    #[authenticated]
    b26: u8,
    #[authenticated]
    b27: u8,
    #[authenticated]
    b28: u8,
    #[authenticated]
    b29: u8,
    #[authenticated]
    b30: u8,
    #[authenticated]
    b31: u8,
    #[authenticated]
    b32: u8,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "wide")]
struct Wide {
    #[partition_key]
    id: String,
    #[envelope(flatten)]
    first: First,
    #[envelope(flatten)]
    second: Second,
}

fn main() {}
