//! Music servers with an API over HTTP, against hand-made answers; each module says of whose shape they are.

mod http;
mod jellyfin;
mod music_assistant;
