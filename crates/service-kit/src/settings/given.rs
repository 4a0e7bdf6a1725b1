//! Parses values as they were given: TOML values as they are, and strings as whatever the settings struct asks for.
//!
//! `config`'s own deserializer is close, but turns `0.5` into the integer `1` and the unquoted secret `1e5` into
//! `100000`. Here a string becomes a number, a truth value or a comma-separated list only where one is asked for, and
//! nothing else ever becomes a string.

use std::fmt::Display;

use config::{Value, ValueKind};
use serde::de::{
    self, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor,
    value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer},
};

/// One value out of the merged layers.
pub(super) struct Given(pub(super) Value);

/// Why a value is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// A key that no settings struct has; these are the ones it has.
    #[error("is not a setting; expected {expected}")]
    Unknown { expected: String },
    /// A required key below the path is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// The value does not parse or contradicts another one.
    #[error("{0}")]
    Invalid(String),
}

impl Refusal {
    /// Whether the other keys can still be judged once the refused one is taken out.
    pub(super) fn leaves_the_rest(&self) -> bool {
        !matches!(self, Self::Missing(_))
    }
}

impl de::Error for Refusal {
    fn custom<T: Display>(message: T) -> Self {
        // serde_path_to_error and humantime repeat themselves over lines; a refusal is one sentence.
        Self::Invalid(message.to_string().replace('\n', " "))
    }
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Invalid(format!("expected {expected}, found {found}"))
    }
    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Invalid(format!("expected {expected}, found {found}"))
    }
    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::Unknown { expected: list(expected) }
    }
    fn unknown_variant(found: &str, expected: &'static [&'static str]) -> Self {
        Self::Invalid(format!("expected {}, found {found:?}", list(expected)))
    }
    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}

fn list(names: &[&str]) -> String {
    match names {
        [] => "no key at all".to_owned(),
        [only] => (*only).to_owned(),
        [first, rest @ ..] => {
            rest.iter().fold(format!("one of {first}"), |all, name| format!("{all}, {name}"))
        }
    }
}

impl IntoDeserializer<'_, Refusal> for Given {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

/// A string is parsed as the number that the settings struct asks for; anything else has to be one already.
macro_rules! numbers {
    ($($method:ident $visit:ident $number:ty, $expected:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
            match &self.0.kind {
                ValueKind::String(text) => match text.trim().parse::<$number>() {
                    Ok(number) => visitor.$visit(number),
                    Err(_) => Err(de::Error::invalid_value(Unexpected::Str(text), &$expected)),
                },
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Given {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.0.kind {
            ValueKind::Nil => visitor.visit_unit(),
            ValueKind::Boolean(value) => visitor.visit_bool(value),
            ValueKind::I64(value) => visitor.visit_i64(value),
            ValueKind::I128(value) => visitor.visit_i128(value),
            ValueKind::U64(value) => visitor.visit_u64(value),
            ValueKind::U128(value) => visitor.visit_u128(value),
            ValueKind::Float(value) => visitor.visit_f64(value),
            ValueKind::String(value) => visitor.visit_string(value),
            ValueKind::Table(table) => {
                visitor.visit_map(MapDeserializer::new(table.into_iter().map(|(k, v)| (k, Self(v)))))
            }
            ValueKind::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter().map(Self))),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.0.kind {
            ValueKind::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => visitor.visit_bool(true),
                "false" | "no" | "off" | "0" => visitor.visit_bool(false),
                _ => Err(de::Error::invalid_value(Unexpected::Str(text), &"true or false")),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    numbers! {
        deserialize_u8 visit_u8 u8, "a whole number from 0 to 255";
        deserialize_u16 visit_u16 u16, "a whole number from 0 to 65535";
        deserialize_u32 visit_u32 u32, "a whole number from 0";
        deserialize_u64 visit_u64 u64, "a whole number from 0";
        deserialize_i8 visit_i8 i8, "a whole number";
        deserialize_i16 visit_i16 i16, "a whole number";
        deserialize_i32 visit_i32 i32, "a whole number";
        deserialize_i64 visit_i64 i64, "a whole number";
        deserialize_f32 visit_f32 f32, "a number";
        deserialize_f64 visit_f64 f64, "a number";
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.0.kind {
            ValueKind::Nil => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    /// A list is an array, or a string with commas: the only form that the environment has.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.0.kind {
            ValueKind::String(text) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                visitor.visit_seq(SeqDeserializer::new(items.map(|item| Self(Value::from(item)))))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match self.0.kind {
            ValueKind::String(text) => {
                visitor.visit_enum(IntoDeserializer::<Refusal>::into_deserializer(text))
            }
            ValueKind::Table(table) => {
                let entries = MapDeserializer::new(table.into_iter().map(|(k, v)| (k, Self(v))));
                MapAccessDeserializer::new(entries).deserialize_enum(name, variants, visitor)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}
