"""Opens the vectors of format version 1, and rejects those that must be refused. Also opens items
that the library has just written, which its tests leave in `tmp/fresh` of the target folder.

Written from FORMAT.md, and sharing no code with the library. Needs PyPI's `cryptography`.

    python tests/interop/read_vectors.py tests/vectors/v1 tests/vectors/hashes.json target/tmp/fresh
"""

import base64
import decimal
import hashlib
import json
import pathlib
import sys
import unicodedata

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

TYPES = ["NULL", "S", "N", "B", "BOOL", "M", "L", "SS", "NS", "BS"]


class Refused(Exception):
    """The item must not be opened; the message is the reason."""


def lp(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


# Values ---------------------------------------------------------------------------------------


def normal_form(text: str) -> str:
    number = decimal.Decimal(text)
    if not number.is_finite():
        raise Refused("tampered")
    if number == 0:
        return "0"
    sign, digits, exponent = number.as_tuple()
    digits = "".join(map(str, digits)).lstrip("0")
    stripped = digits.rstrip("0")
    exponent += len(digits) - len(stripped)
    if len(stripped) > 38 or not -130 <= exponent + len(stripped) - 1 <= 125:
        raise Refused("tampered")
    if exponent >= 0:
        plain = stripped + "0" * exponent
    elif -exponent < len(stripped):
        plain = stripped[:exponent] + "." + stripped[exponent:]
    else:
        plain = "0." + "0" * (-exponent - len(stripped)) + stripped
    return ("-" if sign else "") + plain


def value_bytes(value: dict) -> tuple[int, bytes]:
    """The type byte and the canonical bytes of a value in the JSON of the DynamoDB API."""
    ((name, content),) = value.items()
    kind = TYPES.index(name)
    if name == "NULL":
        data = b""
    elif name == "S":
        data = content.encode()
    elif name == "N":
        data = normal_form(content).encode()
    elif name == "B":
        data = base64.b64decode(content)
    elif name == "BOOL":
        data = bytes([content])
    elif name == "M":
        data = len(content).to_bytes(4, "big")
        for key in sorted(content, key=str.encode):
            data += lp(key.encode()) + typed(content[key])
    elif name == "L":
        data = len(content).to_bytes(4, "big") + b"".join(map(typed, content))
    else:
        convert = {"SS": str.encode, "NS": lambda n: normal_form(n).encode(), "BS": base64.b64decode}
        elements = sorted(map(convert[name], content))
        data = len(elements).to_bytes(4, "big") + b"".join(map(lp, elements))
    return kind, data


def typed(value: dict) -> bytes:
    kind, data = value_bytes(value)
    return bytes([kind]) + lp(data)


class Reader:
    """Takes bytes from the front; if they run short, raises `Refused` with the reader's reason."""

    def __init__(self, data: bytes, reason: str):
        self.data, self.at, self.reason = data, 0, reason

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise Refused(self.reason)
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def done(self) -> None:
        if self.at != len(self.data):
            raise Refused(self.reason)


def decode_value(kind: int, data: bytes, depth: int = 1) -> dict:
    """The value of canonical bytes; anything else is refused."""
    if kind >= len(TYPES) or depth > 32:
        raise Refused("tampered")
    name, reader = TYPES[kind], Reader(data, "tampered")
    try:
        if name == "NULL":
            value = True
        elif name in ("S", "N"):
            value = data.decode()
        elif name == "B":
            value = base64.b64encode(data).decode()
        elif name == "BOOL":
            value = {b"\0": False, b"\1": True}[data]
        elif name in ("M", "L"):
            count = reader.number(4)
            entries = []
            for _ in range(count):
                key = reader.take(reader.number(4)).decode() if name == "M" else None
                inner = reader.number(1)
                entries.append((key, decode_value(inner, reader.take(reader.number(4)), depth + 1)))
            value = dict(entries) if name == "M" else [entry for _, entry in entries]
            if name == "M" and ("" in value or len(value) != count):
                raise Refused("tampered")
        else:
            elements = [reader.take(reader.number(4)) for _ in range(reader.number(4))]
            if not elements or elements != sorted(set(elements)):
                raise Refused("tampered")
            if name == "BS":
                value = [base64.b64encode(element).decode() for element in elements]
            else:
                value = [element.decode() for element in elements]
        # Re-encoded, it must be the same bytes: normal numbers, sorted maps, nothing behind.
        if value_bytes({name: value}) != (kind, data):
            raise Refused("tampered")
    except (UnicodeDecodeError, KeyError, decimal.InvalidOperation) as error:
        raise Refused("tampered") from error
    return {name: value}


def decode_plaintext(plaintext: bytes) -> dict | None:
    if not plaintext:
        raise Refused("tampered")
    kind, data = plaintext[0], plaintext[1:]
    if kind & 0x80:
        kind &= 0x7F
        data = data.rstrip(b"\0")
        if not data.endswith(b"\x80"):
            raise Refused("tampered")
        data = data[:-1]
    if kind == 0x7F:
        if data:
            raise Refused("tampered")
        return None
    return decode_value(kind, data)


# The header -----------------------------------------------------------------------------------


class Header:
    def __init__(self, data: bytes):
        if len(data) > 8192 or not data:
            raise Refused("malformed envelope")
        reader = Reader(data, "malformed envelope")
        self.version, = reader.take(1)
        if self.version != 1:
            raise Refused("unsupported version")
        self.suite, = reader.take(1)
        if self.suite != 1:
            raise Refused("unsupported suite")
        self.salt, self.tag = reader.take(16), reader.take(32)
        start = reader.at
        self.sealed = {}
        names = []
        for _ in range(reader.number(1)):
            names.append(self.name(reader))
            self.sealed[names[-1]] = reader.take(12)
        self.sorted(names)
        self.authenticated = [self.name(reader) for _ in range(reader.number(1))]
        self.sorted(self.authenticated)
        if len(self.authenticated) > 64 or set(names) & set(self.authenticated):
            raise Refused("malformed envelope")
        self.lists = data[start : reader.at]
        self.copies = self.reference(reader)
        reader.done()

    @staticmethod
    def name(reader: Reader) -> str:
        name = reader.take(reader.number(1))
        try:
            if name:
                return name.decode()
        except UnicodeDecodeError:
            pass
        raise Refused("malformed envelope")

    @staticmethod
    def sorted(names: list[str]) -> None:
        encoded = [name.encode() for name in names]
        if encoded != sorted(set(encoded)):
            raise Refused("malformed envelope")

    @staticmethod
    def reference(reader: Reader) -> list[tuple[int, bytes]]:
        """Provider and hint of each wrapped copy."""
        kind = reader.number(1)
        copies = []
        if 1 <= kind <= 4:
            for _ in range(kind):
                provider = reader.number(1)
                copies.append((provider, reader.take(8)))
                length = reader.number(2)
                if not (provider in (1, 2) or provider >= 0x40) or not 1 <= length <= 6144:
                    raise Refused("malformed envelope")
                reader.take(length)
        elif kind == 0x80:
            length = reader.number(1)
            if not 1 <= length <= 24:
                raise Refused("malformed envelope")
            reader.take(length)
        else:
            raise Refused("malformed envelope")
        return copies


# Reading --------------------------------------------------------------------------------------


def hmac_sha256(key: bytes, message: bytes) -> hmac.HMAC:
    mac = hmac.HMAC(key, hashes.SHA256())
    mac.update(message)
    return mac


def hint(arn: str) -> bytes:
    fields = arn.split(":")
    if fields[5].startswith("key/mrk-"):
        fields[3] = ""
    return hashlib.sha256(b"envelope/1 kms " + ":".join(fields).encode()).digest()[:8]


def check_request(vector: dict, header: Header) -> None:
    """Checks the library's request to KMS, if the file has it."""
    if "kms_key" not in vector:
        return
    if header.copies != [(1, hint(vector["kms_key"]))]:
        raise Refused("the hint does not match the KMS key")
    context = {"envelope:table": vector["schema"]["table"], "envelope:format": "1"}
    if vector["encryption_context"] != context | vector["context"]:
        raise Refused("the encryption context differs")


def open_item(vector: dict) -> dict:
    schema, item = vector["schema"], dict(vector["item"])

    if schema["envelope"] not in item:
        raise Refused("no envelope")
    stored = item.pop(schema["envelope"])
    if "B" not in stored:
        raise Refused("malformed envelope")
    header = Header(base64.b64decode(stored["B"]))
    check_request(vector, header)

    for name in schema["keys"]:
        if name not in item:
            raise Refused("tampered")
    for name in schema["context"]:
        value = item.get(name, {})
        text = value.get("S") or ("N" in value and normal_form(value["N"]))
        if text != vector["context"][name]:
            raise Refused("other context")

    prk = hmac_sha256(b"envelope/1", bytes.fromhex(vector["data_key"])).finalize()
    common = bytes([header.version, header.suite])

    def derived(label: bytes) -> bytes:
        info = b"envelope/1 " + label + common + header.salt
        return HKDFExpand(hashes.SHA256(), 32, info).derive(prk)

    identity = lp(schema["table"].encode()) + bytes([len(schema["keys"])])
    for name in schema["keys"]:
        identity += lp(name.encode()) + typed(item[name])

    message = b"envelope/1 record" + common + header.salt + header.lists + identity
    for name in header.authenticated:
        message += b"\1" + typed(item[name]) if name in item else b"\0"
    try:
        hmac_sha256(derived(b"mac"), message).verify(header.tag)
    except InvalidSignature as error:
        raise Refused("tampered") from error

    content = AESGCM(derived(b"content"))
    values = {name: item[name] for name in schema["keys"]}
    protected = set(schema["authenticated"]) | set(schema["context"]) - set(schema["keys"])
    for name in sorted({*schema["sealed"], *schema["plain"], *protected}):
        sealed_here, listed = name in schema["sealed"], name in header.sealed
        if sealed_here and listed:
            if "B" not in item.get(name, {}):
                raise Refused("tampered")
            aad = b"envelope/1 attribute" + common + identity + lp(name.encode())
            sealed = base64.b64decode(item[name]["B"])
            try:
                plaintext = content.decrypt(header.sealed[name], sealed, aad)
            except (InvalidTag, ValueError) as error:
                raise Refused("tampered") from error
            value = decode_plaintext(plaintext)
            if value is not None:
                values[name] = value
        elif sealed_here and name in item:
            raise Refused("not sealed")
        elif listed:
            raise Refused("sealed")
        elif name in protected and name not in header.authenticated:
            raise Refused("not authenticated")
        elif name in item:
            values[name] = item[name]
    return values


# Hashed keys ----------------------------------------------------------------------------------

# Unicode's White_Space, of which Python's own idea differs.
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def normalised(text: str, steps: list[str]) -> str:
    if "trim" in steps:
        text = text.strip(WHITE_SPACE)
    if "nfc" in steps:
        text = unicodedata.normalize("NFC", text)
    if "lowercase" in steps:
        text = text.casefold()
        if "nfc" in steps:
            text = unicodedata.normalize("NFC", text)
    return text


def hashed(vector: dict) -> str:
    value = vector["value"]
    if vector["steps"]:
        value = {"S": normalised(value["S"], vector["steps"])}
    bits = sum({"trim": 1, "lowercase": 2, "nfc": 4}[step] for step in vector["steps"])
    purpose = lp(b"key") + lp(vector["table"].encode()) + lp(vector["attribute"].encode())
    purpose += bytes([1, bits])
    for name, text in sorted(vector["context"].items()):
        purpose += lp(name.encode()) + lp(text.encode())
    prk = hmac_sha256(b"envelope/1", bytes.fromhex(vector["secret"])).finalize()
    key = HKDFExpand(hashes.SHA256(), 32, b"envelope/1 index " + purpose).derive(prk)
    return hmac_sha256(key, typed(value)).finalize().hex()


def read_hashes(file: str) -> list[str]:
    vectors = json.loads(pathlib.Path(file).read_text())
    print(f"{file}: {len(vectors)} hashed")
    return [
        f"{file}: {vector['about']}: another hash"
        for vector in vectors
        if hashed(vector) != vector["hash"]
    ]


def canonical(item: dict) -> dict:
    return {name: value_bytes(value) for name, value in item.items()}


def read(folder: str) -> list[str]:
    """Reads every file of a folder and returns the failures."""
    opened = refused = 0
    failures = []
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        vector = json.loads(path.read_text(encoding="utf-8"))
        try:
            values, reason = open_item(vector), None
        except Refused as refusal:
            values, reason = None, str(refusal)
        if reason != vector.get("refused"):
            failures.append(f"{path.name}: {reason or 'opened'}, not {vector.get('refused')}")
        elif reason is None and canonical(values) != canonical(vector["values"]):
            failures.append(f"{path.name}: opened to other values")
        elif reason is None:
            opened += 1
        else:
            refused += 1
    print(f"{folder}: {opened} opened, {refused} refused")
    return failures if opened else [*failures, f"nothing to open in {folder}"]


if __name__ == "__main__":
    decimal.getcontext().prec = 200
    paths = sys.argv[1:]
    failures = [
        failure
        for path in paths
        for failure in (read_hashes(path) if path.endswith(".json") else read(path))
    ]
    for failure in failures:
        print(failure, file=sys.stderr)
    sys.exit(1 if failures else 0)
