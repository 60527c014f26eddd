//! Lists, maps and structs under construction.

use std::{fmt, mem};

use serde::Serialize;
use serde::ser::{self, SerializeMap, SerializeSeq};
use zeroize::Zeroizing;

use super::{Stored, ValueSerializer, tagged};
use crate::attribute::convert::{ConvertError, ConvertErrorKind};
use crate::attribute::wipe::{Entries, unwiped};
use crate::attribute::{AttributeValue, Wiped, private};

/// A list under construction.
pub struct List {
    pub(super) variant: Option<&'static str>,
    pub(super) elements: Zeroizing<Vec<AttributeValue>>,
    pub(super) inside: ValueSerializer,
}

impl List {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ConvertError> {
        let index = self.elements.len();
        let value = self.inside.inner(value).map_err(|error| match self.variant {
            Some(_) => error.in_variant(),
            None => error.at_index(index),
        })?;
        self.elements.push(unwiped(value));
        Ok(())
    }
}

/// Hides the variant that the list belongs to, since it is data.
impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List").field("elements", &*self.elements).finish_non_exhaustive()
    }
}

impl SerializeSeq for List {
    type Ok = Stored;
    type Error = ConvertError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ConvertError> {
        self.push(value)
    }

    fn end(mut self) -> Result<Stored, ConvertError> {
        if self.inside.is_distinct() {
            self.elements.sort();
        }
        let list = AttributeValue::L(mem::take(&mut *self.elements));
        match self.variant {
            Some(variant) => self.inside.stored("variant", tagged(variant, list)),
            None => self.inside.stored("list", list),
        }
    }
}

impl ser::SerializeTuple for List {
    type Ok = Stored;
    type Error = ConvertError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ConvertError> {
        self.push(value)
    }

    fn end(self) -> Result<Stored, ConvertError> {
        SerializeSeq::end(self)
    }
}

impl ser::SerializeTupleStruct for List {
    type Ok = Stored;
    type Error = ConvertError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ConvertError> {
        self.push(value)
    }

    fn end(self) -> Result<Stored, ConvertError> {
        SerializeSeq::end(self)
    }
}

impl ser::SerializeTupleVariant for List {
    type Ok = Stored;
    type Error = ConvertError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ConvertError> {
        self.push(value)
    }

    fn end(self) -> Result<Stored, ConvertError> {
        SerializeSeq::end(self)
    }
}

/// A map under construction.
pub struct Map {
    /// The struct's name; empty for maps.
    pub(super) name: &'static str,
    pub(super) variant: Option<&'static str>,
    pub(super) entries: Entries,
    pub(super) key: Option<Zeroizing<String>>,
    pub(super) inside: ValueSerializer,
}

impl Map {
    fn insert(&mut self, mut key: Zeroizing<String>, value: Wiped) -> Result<(), ConvertError> {
        if self.entries.contains_key(&*key) {
            return Err(ConvertError::new(ConvertErrorKind::DuplicateKey));
        }
        self.entries.insert(mem::take(&mut *key), unwiped(value));
        Ok(())
    }
}

/// Hides the keys of the map, since they are data.
impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map").field("entries", &self.entries).finish_non_exhaustive()
    }
}

impl SerializeMap for Map {
    type Ok = Stored;
    type Error = ConvertError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ConvertError> {
        let mut key = key.serialize(ValueSerializer { depth: 0, ..self.inside })?;
        let mut what = String::new();
        while let Some(AttributeValue::M(map)) = key.as_deref_mut()
            && self.inside.is_distinct()
            && let Some((outer, inner)) = map.pop_first()
        {
            what.push_str(&outer);
            key = Some(Zeroizing::new(inner));
        }
        let key = match key.as_deref_mut() {
            Some(AttributeValue::S(text)) => mem::take(text),
            Some(AttributeValue::N(number)) => number.as_str().to_owned(),
            Some(AttributeValue::Bool(flag)) => flag.to_string(),
            _ => return Err(ConvertError::new(ConvertErrorKind::MapKey)),
        };
        self.key = Some(Zeroizing::new(if what.is_empty() { key } else { what + &key }));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ConvertError> {
        let key = self.key.take().ok_or_else(|| ConvertError::new(ConvertErrorKind::MapKey))?;
        let value = self.inside.inner(value).map_err(ConvertError::in_entry)?;
        self.insert(key, value)
    }

    fn end(mut self) -> Result<Stored, ConvertError> {
        let map = Zeroizing::new(AttributeValue::M(self.entries.take()));
        if self.name.is_empty() && private::number_as_written(&map).is_some() {
            return Err(ConvertError::new(ConvertErrorKind::ReservedKey));
        }
        let what = if self.name.is_empty() { "map" } else { self.name };
        match self.variant {
            Some(variant) => self.inside.stored("variant", tagged(variant, unwiped(map))),
            None if self.inside.is_distinct() => self.inside.stored(what, unwiped(map)),
            None => Ok(Some(private::of_struct(self.name, map))),
        }
    }
}

impl ser::SerializeStruct for Map {
    type Ok = Stored;
    type Error = ConvertError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), ConvertError> {
        let value = self.inside.inner(value).map_err(|error| match self.variant {
            Some(_) => error.in_variant(),
            None => error.in_field(name),
        })?;
        self.insert(Zeroizing::new(name.to_owned()), value)
    }

    fn end(self) -> Result<Stored, ConvertError> {
        SerializeMap::end(self)
    }
}

impl ser::SerializeStructVariant for Map {
    type Ok = Stored;
    type Error = ConvertError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), ConvertError> {
        ser::SerializeStruct::serialize_field(self, name, value)
    }

    fn end(self) -> Result<Stored, ConvertError> {
        SerializeMap::end(self)
    }
}
