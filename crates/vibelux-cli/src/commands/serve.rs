//! `vibelux serve`: the page with the camera, the mood and the music, until Ctrl-C.
//!
//! The server is [`vibelux_server`]; here it gets its models and its library, and the user the address.

use std::io::IsTerminal;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use vibelux::model::{FaceModel, MusicModel};
use vibelux_server::{Limits, Ready, ServerConfig, Token, TokenPolicy, serve};

use crate::library_location::LibraryArgs;
use crate::output;

/// Flags of `vibelux serve`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Ends with Ctrl-C. No picture, frame or emotion of a face is stored.\n\n\
    Not for workplace, school or hiring.\n\n\
    Exit codes: 0 ended with Ctrl-C, 2 could not run."
)]
pub struct ServeArgs {
    /// The port [default: 8437, or any free one where that is taken]
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// The address to listen at; any but this computer's own demands a token
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,
    /// Demand a token also on this computer; without a value a new one is made
    #[arg(long, value_name = "TOKEN", num_args = 0..=1, env = "VIBELUX_TOKEN", hide_env_values = true)]
    token: Option<Option<String>>,
    /// Do not open the browser
    #[arg(long)]
    no_open: bool,
    /// Use this face model (an ONNX file with its .toml beside it) instead of the built-in one
    #[arg(long, value_name = "F.onnx")]
    face_model: Option<PathBuf>,
    /// Use this music model (an ONNX file with its .toml beside it) instead of the built-in one
    #[arg(long, value_name = "F.onnx")]
    music_model: Option<PathBuf>,
    #[command(flatten)]
    library: LibraryArgs,
}

/// Runs the command.
pub fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let token = match &args.token {
        None => TokenPolicy::WhereReachable,
        Some(None) => TokenPolicy::New,
        Some(Some(text)) => TokenPolicy::Given(Token::given(text)?),
    };
    let config = ServerConfig {
        listen: args.listen,
        port: args.port,
        token,
        face_model: match &args.face_model {
            Some(path) => FaceModel::load(path)?,
            None => FaceModel::shipped()?,
        },
        music_model: match &args.music_model {
            Some(path) => MusicModel::load(path)?,
            None => MusicModel::shipped()?,
        },
        library: args.library.path()?,
        limits: Limits::default(),
    };
    let mut told = Ok(());
    serve(config, |ready| {
        told = tell(ready);
        // A token on a command line can be read by everybody on this computer, so that the user opens
        // the address himself.
        if !args.no_open && ready.token.is_none() && std::io::stdout().is_terminal() {
            open(&ready.url());
        }
    })?;
    told?;
    crate::tell!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Prints the address, with the token if there is one: the only time that it is shown.
fn tell(ready: &Ready) -> anyhow::Result<()> {
    output::print(&format!("VibeluX is at {}\n", ready.url()))?;
    if ready.is_unspecified() {
        crate::tell!("from other computers: the same with this computer's name or address in it");
    }
    if !ready.is_loopback() {
        crate::tell!(
            "browsers give the camera only to pages of this computer or with HTTPS; for others, put a \
             proxy with HTTPS before it, or use it without a camera"
        );
    }
    crate::tell!("press Ctrl-C to stop");
    Ok(())
}

/// Opens the address in the user's browser, if there is a screen. It is a courtesy: the address stands
/// on the terminal.
fn open(url: &str) {
    let screen = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        let mut command = Command::new("rundll32");
        command.arg("url.dll,FileProtocolHandler");
        command
    } else if screen("DISPLAY") || screen("WAYLAND_DISPLAY") {
        Command::new("xdg-open")
    } else {
        return;
    };
    let started = command
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Ok(mut child) = started {
        // Waited for, so that it does not stay behind as a finished process.
        std::thread::spawn(move || child.wait());
    }
}
