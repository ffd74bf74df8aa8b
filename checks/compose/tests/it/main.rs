//! Our reading of Compose projects beside that of `docker compose config`: projects from a seed ([`seeds`]) and by hand
//! ([`corpus`]), each read twice and compared value by value.

mod comparison;
mod corpus;
mod dice;
mod fixes;
mod generate;
mod judge;
mod known;
mod oracle;
mod seeds;
mod situation;
mod smallest;
