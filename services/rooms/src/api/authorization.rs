//! What a token permits. `contracts/meet.md` §7.

use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;

use super::authentication::Authenticated;
use super::error::ApiError;
use crate::app::App;
use crate::domain::person::Person;
use crate::domain::scopes::{self, RoomScope};

/// Something that a scope gives permission for.
pub trait Action: 'static {
    /// That scope.
    const SCOPE: RoomScope;
}

/// A person whose token permits the action `A`. Handlers get their person from here and from nowhere else, so that a
/// handler without a declared scope does not compile.
#[derive(Debug, Clone)]
pub struct Permitted<A> {
    person: Person,
    action: PhantomData<fn() -> A>,
}

impl<A: Action> Permitted<A> {
    /// The person.
    #[must_use]
    pub fn person(&self) -> &Person {
        &self.person
    }
}

impl<A: Action> FromRequest for Permitted<A> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let authenticated = Authenticated::from_request(request, payload);
        let app = request.app_data::<web::Data<App>>().cloned();
        Box::pin(async move {
            let authenticated = authenticated.await?;
            let app = app.ok_or(ApiError::Unavailable)?;
            require(&authenticated, &app, Some(A::SCOPE))?;
            Ok(Self { person: authenticated.person, action: PhantomData })
        })
    }
}

/// Checks the scopes of a token.
///
/// # Errors
/// 403 without `needed`.
pub fn require(authenticated: &Authenticated, app: &App, needed: Option<RoomScope>) -> Result<(), ApiError> {
    let granted = &authenticated.claims().scope;
    Ok(scopes::require(granted, &app.settings.scope_prefixes, needed)?)
}

/// List rooms.
#[derive(Debug)]
pub struct ListRooms;
/// Create a room.
#[derive(Debug)]
pub struct CreateRoom;
/// Look at a room and its attendees.
#[derive(Debug)]
pub struct RetrieveRoom;
/// Change a room and its attendees.
#[derive(Debug)]
pub struct UpdateRoom;
/// Delete a room.
#[derive(Debug)]
pub struct DeleteRoom;

impl Action for ListRooms {
    const SCOPE: RoomScope = RoomScope::List;
}
impl Action for CreateRoom {
    const SCOPE: RoomScope = RoomScope::Create;
}
impl Action for RetrieveRoom {
    const SCOPE: RoomScope = RoomScope::Retrieve;
}
impl Action for UpdateRoom {
    const SCOPE: RoomScope = RoomScope::Update;
}
impl Action for DeleteRoom {
    const SCOPE: RoomScope = RoomScope::Delete;
}
