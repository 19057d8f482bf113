//! `vibelux serve`: the page with the camera, the mood and the music, until Ctrl-C.
//!
//! The server is [`vibelux_server`]; here it gets its models and its library, and the user the address.

mod mqtt;

use std::io::IsTerminal;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use directories::UserDirs;
use vibelux::compose::{DEMO_SEED, compose_all};
use vibelux::library::FileLimits;
use vibelux::model::FaceModel;
use vibelux_server::{
    Identity, Invitations, LanAccess, Limits, MusicFolders, Ready, Role, ServerConfig,
    SubsonicAccess, SubsonicAccount, SubsonicReady, Token, TokenPolicy, qr_text, serve,
};

use crate::analysis::isolated;
use crate::library_location::{LibraryArgs, data_folder};
use crate::output;
use mqtt::MqttArgs;

/// Flags of `vibelux serve`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Ends with Ctrl-C. No picture, frame or emotion of a face is stored; with --mqtt the mood is told to a \
    broker, which keeps it with --mqtt-retain.\n\n\
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
    /// Let phones of the same network in, over HTTPS: at ADDRESS of this computer, or at all that it has there
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1)]
    lan: Option<Option<IpAddr>>,
    /// The port for phones [default: 8438, or any free one where that is taken]
    #[arg(long, value_name = "N", requires = "lan")]
    lan_port: Option<u16>,
    /// Make new keys and tokens: every phone has to be let in anew
    #[arg(long, requires = "lan")]
    lan_reset: bool,
    /// Where the keys and tokens for phones are [default: lan in the user's data directory]
    #[arg(long, value_name = "DIR", requires = "lan")]
    lan_keys: Option<PathBuf>,
    /// Let music players in, by the OpenSubsonic API: at ADDRESS of this computer, by default at one that only it reaches
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1)]
    subsonic: Option<Option<IpAddr>>,
    /// The port for players [default: 8439, or any free one where that is taken]
    #[arg(long, value_name = "N", requires = "subsonic")]
    subsonic_port: Option<u16>,
    /// Make a new password and API key: every player has to be told anew
    #[arg(long, requires = "subsonic")]
    subsonic_reset: bool,
    /// Where password and API key for players are [default: subsonic in the user's data directory]
    #[arg(long, value_name = "DIR", requires = "subsonic")]
    subsonic_account: Option<PathBuf>,
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
    mqtt: MqttArgs,
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
        lan: lan(&args)?,
        subsonic: subsonic(&args)?,
        home: args.mqtt.connect()?,
        face_model: match &args.face_model {
            Some(path) => FaceModel::load(path)?,
            None => FaceModel::shipped()?,
        },
        embedder: Arc::new(isolated(
            args.music_model.as_deref(),
            FileLimits::default(),
        )?),
        library: args.library.address()?,
        folders: music_folders(),
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

/// Where people have music: their music folder, their home, and drives.
fn music_folders() -> MusicFolders {
    let user = UserDirs::new();
    let home = user.as_ref().map(|user| user.home_dir().to_owned());
    let usual = user
        .as_ref()
        .and_then(|user| user.audio_dir())
        .map(Path::to_owned);
    let drives: Vec<PathBuf> = if cfg!(windows) {
        ('C'..='Z')
            .map(|letter| format!("{letter}:\\").into())
            .collect()
    } else {
        ["/media", "/mnt", "/run/media", "/Volumes"]
            .map(PathBuf::from)
            .to_vec()
    };
    MusicFolders {
        // Not every system names one.
        usual: usual.or_else(|| home.as_ref().map(|home| home.join("Music"))),
        roots: home.into_iter().chain(drives).collect(),
        demo: crate::commands::demo::default_dir(&compose_all(DEMO_SEED)).ok(),
    }
}

/// What phones need, if they are to be let in.
fn lan(args: &ServeArgs) -> anyhow::Result<Option<LanAccess>> {
    let Some(address) = args.lan else {
        return Ok(None);
    };
    let folder = match &args.lan_keys {
        Some(folder) => folder.clone(),
        None => data_folder("say where to keep the keys with --lan-keys")?.join("lan"),
    };
    if args.lan_reset {
        Identity::forget(&folder)?;
    }
    let listen = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    Ok(Some(LanAccess::open(&folder, listen, args.lan_port)?))
}

/// What music players need, if they are to be let in.
fn subsonic(args: &ServeArgs) -> anyhow::Result<Option<SubsonicAccess>> {
    let Some(address) = args.subsonic else {
        return Ok(None);
    };
    let folder = match &args.subsonic_account {
        Some(folder) => folder.clone(),
        None => {
            data_folder("say where to keep the account with --subsonic-account")?.join("subsonic")
        }
    };
    if args.subsonic_reset {
        SubsonicAccount::forget(&folder)?;
    }
    let listen = address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let access = SubsonicAccess::open(&folder, listen, args.subsonic_port)?;
    Ok(Some(access))
}

/// Prints the address, with the token if there is one: the only time that it is shown.
fn tell(ready: &Ready) -> anyhow::Result<()> {
    output::print(&format!("VibeluX is at {}\n", ready.url()))?;
    if ready.is_unspecified() {
        crate::tell!("from other computers: the same with this computer's name or address in it");
    }
    if !ready.is_loopback() {
        crate::tell!(
            "browsers give the camera only to pages of this computer or with HTTPS; --lan serves phones so"
        );
    }
    if let Some(invitations) = &ready.lan {
        tell_phones(invitations)?;
    }
    if let Some(subsonic) = &ready.subsonic {
        tell_players(subsonic)?;
    }
    crate::tell!("press Ctrl-C to stop");
    Ok(())
}

/// Prints how phones get in: the code for listeners, and the owner's address.
fn tell_phones(invitations: &Invitations) -> anyhow::Result<()> {
    let mut text =
        String::from("\nFor phones of this network, to look into the camera and listen:\n");
    let urls: Vec<String> = invitations.urls(Role::Guest).collect();
    if let Some(code) = urls.first().and_then(|url| qr_text(url))
        && std::io::stdout().is_terminal()
    {
        for line in code.lines() {
            // Black on white, whatever the terminal's colours are.
            text += &format!("\u{1b}[30;107m{line}\u{1b}[0m\n");
        }
    }
    for url in urls {
        text += &format!("  {url}\n");
    }
    text += "For your own phone, with everything:\n";
    for url in invitations.urls(Role::Owner) {
        text += &format!("  {url}\n");
    }
    text += &format!(
        "A phone does not know this computer's certificate and warns. Its SHA-256 fingerprint is\n  {}\n",
        invitations.fingerprint()
    );
    output::print(&text)
}

/// Prints what music players have to be told.
fn tell_players(subsonic: &SubsonicReady) -> anyhow::Result<()> {
    let (address, account) = (subsonic.address, &subsonic.account);
    let place = if address.ip().is_unspecified() {
        // "Everywhere" is no place to go to.
        format!("THIS-COMPUTER:{}", address.port())
    } else {
        address.to_string()
    };
    let mut text = format!(
        "\nFor music players that know Subsonic or OpenSubsonic:\n  server    http://{place}\n  user      {}\n  \
        password  {}\n  API key   {} (for players that take one in place of both)\n",
        account.user(),
        account.password(),
        account.api_key(),
    );
    if address.ip().is_unspecified() {
        text += "THIS-COMPUTER is its name or address in your network.\n";
    }
    if !address.ip().is_loopback() {
        text += "What is sent there is not encrypted: for your own network only.\n";
    }
    output::print(&text)
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
