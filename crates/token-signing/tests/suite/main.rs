//! Keys as the authorization server uses them: real ones, over simulated time.

#![cfg(test)]

mod keyring;
mod rotation;
mod sealing;
