use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    #[encrypted]
    ssn: String,
    #[authenticated]
    f0: u8,
    #[authenticated]
    f1: u8,
    #[authenticated]
    f2: u8,
    #[authenticated]
    f3: u8,
    #[authenticated]
    f4: u8,
    #[authenticated]
    f5: u8,
    #[authenticated]
    f6: u8,
    #[authenticated]
    f7: u8,
    #[authenticated]
    f8: u8,
    #[authenticated]
    f9: u8,
    #[authenticated]
    f10: u8,
    #[authenticated]
    f11: u8,
    #[authenticated]
    f12: u8,
    #[authenticated]
    f13: u8,
    #[authenticated]
    f14: u8,
    #[authenticated]
    f15: u8,
    #[authenticated]
    f16: u8,
    #[authenticated]
    f17: u8,
    #[authenticated]
    f18: u8,
    #[authenticated]
    f19: u8,
    #[authenticated]
    f20: u8,
    #[authenticated]
    f21: u8,
    #[authenticated]
    f22: u8,
    #[authenticated]
    f23: u8,
    #[authenticated]
    f24: u8,
    #[authenticated]
    f25: u8,
    #[authenticated]
    f26: u8,
    #[authenticated]
    f27: u8,
    #[authenticated]
    f28: u8,
    #[authenticated]
    f29: u8,
    #[authenticated]
    f30: u8,
    #[authenticated]
    f31: u8,
    #[authenticated]
    f32: u8,
    #[authenticated]
    f33: u8,
    #[authenticated]
    f34: u8,
    #[authenticated]
    f35: u8,
    #[authenticated]
    f36: u8,
    #[authenticated]
    f37: u8,
    #[authenticated]
    f38: u8,
    #[authenticated]
    f39: u8,
    #[authenticated]
    f40: u8,
    #[authenticated]
    f41: u8,
    #[authenticated]
    f42: u8,
    #[authenticated]
    f43: u8,
    #[authenticated]
    f44: u8,
    #[authenticated]
    f45: u8,
    #[authenticated]
    f46: u8,
    #[authenticated]
    f47: u8,
    #[authenticated]
    f48: u8,
    #[authenticated]
    f49: u8,
    #[authenticated]
    f50: u8,
    #[authenticated]
    f51: u8,
    #[authenticated]
    f52: u8,
    #[authenticated]
    f53: u8,
    #[authenticated]
    f54: u8,
    #[authenticated]
    f55: u8,
    #[authenticated]
    f56: u8,
    #[authenticated]
    f57: u8,
    #[authenticated]
    f58: u8,
    #[authenticated]
    f59: u8,
    #[authenticated]
    f60: u8,
    #[authenticated]
    f61: u8,
    #[authenticated]
    f62: u8,
    #[authenticated]
    f63: u8,
    #[authenticated]
    f64: u8,
}

fn main() {}
