//! The endpoints by their names in records. `contracts/rdv-sign-in.md` §13.

use crate::domain::attribution::{Action, Controller, Operation};

/// An endpoint whose calls are recorded.
pub trait Endpoint: 'static {
    /// Under this name.
    const OPERATION: Operation;
}

/// `GET /agents`
#[derive(Debug)]
pub struct ListAgents;
/// `GET /organisations`
#[derive(Debug)]
pub struct ListOrganisations;
/// `GET /organisations/{id}`
#[derive(Debug)]
pub struct ShowOrganisation;
/// `PATCH` and `PUT /organisations/{id}`
#[derive(Debug)]
pub struct UpdateOrganisation;
/// `GET /absences`
#[derive(Debug)]
pub struct ListAbsences;
/// `POST /absences`
#[derive(Debug)]
pub struct CreateAbsence;
/// `GET /absences/{id}`
#[derive(Debug)]
pub struct ShowAbsence;
/// `PATCH` and `PUT /absences/{id}`
#[derive(Debug)]
pub struct UpdateAbsence;
/// `DELETE /absences/{id}`
#[derive(Debug)]
pub struct DestroyAbsence;

const fn on(controller: Controller, action: Action) -> Operation {
    Operation { controller, action }
}

impl Endpoint for ListAgents {
    const OPERATION: Operation = on(Controller::Agents, Action::Index);
}
impl Endpoint for ListOrganisations {
    const OPERATION: Operation = on(Controller::Organisations, Action::Index);
}
impl Endpoint for ShowOrganisation {
    const OPERATION: Operation = on(Controller::Organisations, Action::Show);
}
impl Endpoint for UpdateOrganisation {
    const OPERATION: Operation = on(Controller::Organisations, Action::Update);
}
impl Endpoint for ListAbsences {
    const OPERATION: Operation = on(Controller::Absences, Action::Index);
}
impl Endpoint for CreateAbsence {
    const OPERATION: Operation = on(Controller::Absences, Action::Create);
}
impl Endpoint for ShowAbsence {
    const OPERATION: Operation = on(Controller::Absences, Action::Show);
}
impl Endpoint for UpdateAbsence {
    const OPERATION: Operation = on(Controller::Absences, Action::Update);
}
impl Endpoint for DestroyAbsence {
    const OPERATION: Operation = on(Controller::Absences, Action::Destroy);
}
