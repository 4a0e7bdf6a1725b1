//! The parameters of a request. `contracts/ocs-provisioning.md` §2.2.
//!
//! | place | methods | beats |
//! | --- | --- | --- |
//! | JSON body | any | everything |
//! | form body | PUT, DELETE | placeholders, query |
//! | placeholders of the path | any | form body of a POST, query |
//! | form body | POST | query |
//! | query | any | |
//!
//! A body can so override a placeholder: an operation asks for `userId` here and never looks at the path itself, so that
//! what is permitted and what is done are about the same.

mod body;
mod pairs;

use std::borrow::Cow;
use std::collections::BTreeMap;

use actix_web::{HttpRequest, web};
use serde_json::Value;

use crate::error::OcsError;
use crate::path;

/// The parameters of a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters(BTreeMap<String, Value>);

/// The parameters that the head of a request holds.
#[must_use]
pub fn of_head(request: &HttpRequest) -> Parameters {
    Parameters::default().with(pairs::read(request.query_string().as_bytes())).with(placeholders(request))
}

fn placeholders(request: &HttpRequest) -> Vec<(String, Value)> {
    let named = request.match_info().iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
    let value = |name: String| path::placeholder(request, &name).map(|value| (name, Value::String(value)));
    named.into_iter().filter_map(value).collect()
}

impl Parameters {
    /// Reads all of them. `limit` is the most bytes of a body.
    ///
    /// # Errors
    /// [`OcsError::TooLarge`].
    pub async fn read(request: &HttpRequest, payload: web::Payload, limit: usize) -> Result<Self, OcsError> {
        let body = body::read(request, payload, limit).await?;
        let query = Self::default().with(pairs::read(request.query_string().as_bytes()));
        Ok(match body {
            body::Read::Weak(form) => query.with(form).with(placeholders(request)),
            body::Read::Strong(members) => query.with(placeholders(request)).with(members),
        })
    }

    /// The same with more of them, which win. `null` is as if it were not there.
    fn with(mut self, more: impl IntoIterator<Item = (String, Value)>) -> Self {
        self.0.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
        self
    }

    /// A parameter that is text; numbers and truth values of a JSON body read as PHP writes them.
    ///
    /// # Errors
    /// [`OcsError::BadParameter`] for lists and objects.
    pub fn text(&self, name: &'static str) -> Result<Option<Cow<'_, str>>, OcsError> {
        self.0.get(name).map(|value| scalar(value).ok_or(OcsError::BadParameter(name.into()))).transpose()
    }

    /// The same, of a parameter that has to be there.
    ///
    /// # Errors
    /// [`OcsError::BadParameter`].
    pub fn required(&self, name: &'static str) -> Result<String, OcsError> {
        let text = self.text(name)?.ok_or(OcsError::BadParameter(name.into()))?;
        Ok(text.into_owned())
    }

    /// The same, empty where it is not there.
    ///
    /// # Errors
    /// [`OcsError::BadParameter`].
    pub fn text_or_empty(&self, name: &'static str) -> Result<String, OcsError> {
        Ok(self.text(name)?.map(Cow::into_owned).unwrap_or_default())
    }

    /// A parameter that is a number, leniently: what begins with digits is that number, anything else is 0.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name).map(integer)
    }

    /// A parameter that is a list of texts; empty where it is not there.
    ///
    /// # Errors
    /// [`OcsError::BadParameter`] for a text, and for what holds lists or objects.
    pub fn list(&self, name: &'static str) -> Result<Vec<String>, OcsError> {
        let texts = self.0.get(name).map_or(Some(Vec::new()), texts);
        texts.ok_or(OcsError::BadParameter(name.into()))
    }

    /// A parameter that has to be there and is a map of lists of texts, in the order of its keys; those of a list are
    /// numbers.
    ///
    /// # Errors
    /// [`OcsError::BadParameter`].
    pub fn lists(&self, name: &'static str) -> Result<Vec<(String, Vec<String>)>, OcsError> {
        let lists: Option<_> = match self.0.get(name) {
            Some(Value::Array(items)) => {
                items.iter().enumerate().map(|(key, list)| Some((key.to_string(), texts(list)?))).collect()
            }
            Some(Value::Object(members)) => {
                members.iter().map(|(key, list)| Some((key.clone(), texts(list)?))).collect()
            }
            _ => None,
        };
        lists.ok_or(OcsError::BadParameter(name.into()))
    }
}

/// The texts of a list. PHP knows no difference between a list and a map.
fn texts(list: &Value) -> Option<Vec<String>> {
    let owned = |item| scalar(item).map(Cow::into_owned);
    match list {
        Value::Array(items) => items.iter().map(owned).collect(),
        Value::Object(members) => members.values().map(owned).collect(),
        _ => None,
    }
}

fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(true) => Some(Cow::Borrowed("1")),
        Value::Bool(false) => Some(Cow::Borrowed("")),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn integer(value: &Value) -> i64 {
    match value {
        Value::Number(number) => {
            number.as_i64().unwrap_or_else(|| beyond(number.as_f64().unwrap_or_default()))
        }
        Value::String(text) => leading(text),
        Value::Bool(value) => i64::from(*value),
        Value::Null | Value::Array(_) | Value::Object(_) => 0,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the fraction is dropped, and what is too large is the largest"
)]
const fn beyond(number: f64) -> i64 {
    number as i64
}

/// The number that a text begins with; one that is too large is the largest there is.
fn leading(text: &str) -> i64 {
    let text = text.trim_start();
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    digits.bytes().take_while(u8::is_ascii_digit).fold(0_i64, |number, digit| {
        let digit = i64::from(digit - b'0');
        let tenfold = number.saturating_mul(10);
        if negative { tenfold.saturating_sub(digit) } else { tenfold.saturating_add(digit) }
    })
}

#[cfg(test)]
mod tests;
