//! The wire rules of the RDV-Solidarités agent API that every service speaking it shares: no routes, no tokens.
