//! One of the three values, as one place has it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The names, in the order in which the three are kept. They are the same in every place.
pub(super) const NAMES: [&str; 3] = ["access-token", "client", "uid"];

/// The three values as one place has them, in the order of [`NAMES`]; `None` where it says nothing.
pub(super) type Values = [Option<Value>; 3];

/// What a place has under a name: a hit either way.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A text, not empty.
    Text(String),
    /// Something no session can have: an empty text, two values, no text at all, no UTF-8.
    Unusable,
}

impl Value {
    pub(super) fn of(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Unusable } else { Self::Text(text) }
    }
}

/// The position of a name in [`NAMES`].
pub(super) fn position(name: &str) -> Option<usize> {
    NAMES.iter().position(|known| *known == name)
}

/// The three members of a JSON object; everything else in it is passed over without being kept. `None` for what is no
/// JSON object.
pub(super) fn in_json(json: &[u8]) -> Option<Values> {
    serde_json::from_slice::<Members>(json).ok().map(|members| members.0)
}

struct Members(Values);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Members;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut values = Values::default();
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match position(&name).and_then(|position| values.get_mut(position)) {
                Some(value) => *value = map.next_value::<Member>()?.0, // the last of several, as in Ruby
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Members(values))
    }
}

/// The value of one member. `null` and `false` say nothing, as in Ruby, where the next place is looked at then.
struct Member(Option<Value>);

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyMember)
    }
}

struct AnyMember;

impl<'de> Visitor<'de> for AnyMember {
    type Value = Member;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Member, E> {
        Ok(Member(None))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Member, E> {
        Ok(Member(value.then_some(Value::Unusable)))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Member, E> {
        Ok(Member(Some(Value::Unusable)))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Member, E> {
        Ok(Member(Some(Value::Unusable)))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Member, E> {
        Ok(Member(Some(Value::Unusable)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Member, E> {
        Ok(Member(Some(Value::of(text))))
    }

    fn visit_string<E>(self, text: String) -> Result<Member, E> {
        Ok(Member(Some(Value::of(text))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Member, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Member(Some(Value::Unusable)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Member, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Member(Some(Value::Unusable)))
    }
}
