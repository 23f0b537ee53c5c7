//! What several commands let people say, as types that know no command.

pub mod cluster;
pub mod color;
pub mod configuration;
pub mod judging;
pub mod limits;
pub mod outputs;
pub mod password;
pub mod policies;
pub mod promotion;
pub mod registry;
pub mod rendering;
pub mod selection;
pub mod word;
