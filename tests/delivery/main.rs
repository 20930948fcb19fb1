//! Deliveries as their receivers see them.
//! Uses the library only as other crates can.

mod verifiers;
