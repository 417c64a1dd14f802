//! Tables of programs: which run others, with which options others do, which only look.
//!
//! From their manuals. A program that is in no table is what its rule says it is.

/// Commands that run what they are given, or change what later words mean: builtins of the shell, other shells, and
/// programs that start programs. Their names in lower case.
#[rustfmt::skip]
pub(super) const RUNNERS: &[&str] = &[
    ".", "alias", "ansible", "ash", "at", "autossh", "bash", "batch", "bg", "bind", "break", "builtin",
    "bunx", "busybox", "bwrap", "caller", "capsh", "cgexec", "choom", "chpst", "chroot", "chronic",
    "chrt", "command", "compgen", "complete", "compopt", "continue", "coproc", "coreutils", "crontab",
    "csh", "cssh", "dash", "dbus-launch", "dbus-run-session", "declare", "dirs", "disown", "doas",
    "dtach", "ed", "elvish", "emacs", "enable", "entr", "env", "envdir", "es", "eval", "ex", "exec",
    "expect", "export", "fakechroot", "fakeroot", "fc", "fg", "firejail", "fish", "flatpak-spawn",
    "flock", "function", "gdb", "getopts", "git-shell", "gtime", "gtimeout", "hash", "history",
    "hyperfine", "ifne", "ionice", "jobs", "ksh", "ld.so", "less", "let", "lldb", "local", "logsave",
    "ltrace", "mapfile", "mksh", "more", "mosh", "mtrace", "multitime", "nano", "nice", "nohup", "npx",
    "nsenter", "nu", "numactl", "nvim", "parallel", "pdsh", "pee", "perf", "pipx", "pkexec", "pnpx",
    "popd", "posh", "prlimit", "proot", "proxychains", "pushd", "pwsh", "rbash", "read", "readarray",
    "readonly", "return", "rksh", "rlwrap", "rsh", "run-parts", "runcon", "runuser", "rview", "rvim",
    "scp", "screen", "script", "select", "set", "setarch", "setpriv", "setsid", "setuidgid", "sftp",
    "sg", "sh", "shift", "shopt", "socat", "softlimit", "source", "ssh", "ssh-agent", "sshpass",
    "start-stop-daemon", "stdbuf", "strace", "su", "sudo", "sudoedit", "suspend", "systemd-run",
    "taskset", "tcsh", "telnet", "time", "timelimit", "timeout", "times", "tmux", "torify", "torsocks",
    "toybox", "trap", "typeset", "uclampset", "ulimit", "umask", "unalias", "unbuffer", "unset",
    "unshare", "uvx", "valgrind", "vi", "view", "vim", "vimdiff", "wait", "watch", "watchexec", "xargs",
    "xonsh", "xvfb-run", "yash", "zsh", "[[",
];

/// Options with which a command that may otherwise be allowed runs another, writes a file, reads what is not named,
/// or follows links. Matched as whole words and before `=`, long ones also abbreviated; those of one dash and one
/// letter also when something is joined to them or they are joined to others.
#[rustfmt::skip]
pub(super) const RISKY_OPTIONS: &[(&str, &[&str])] = &[
    ("ack", &["--pager", "--ackrc", "--follow", "--files-from", "-x"]),
    ("ag", &["--pager", "--follow", "-f"]),
    ("bundle", &["--gemfile"]),
    ("cargo", &["--config", "-Z"]),
    ("clang", CC),
    ("clang++", CC),
    ("cc", CC),
    ("c++", CC),
    ("cmake", &["-P", "-E", "-C", "--install", "--open", "--eval"]),
    ("cp", &["-L", "--dereference", "-H"]),
    ("ctest", &["-S", "-D", "--script", "--build-and-test", "-O", "--output-log"]),
    ("curl", CURL),
    ("date", &["-s", "--set", "-f", "--file"]),
    ("deno", &["-A", "--allow-all", "--allow-run", "--allow-ffi", "--allow-write"]),
    ("diff", &["-r", "--recursive", "--to-file", "--from-file", "-l", "--paginate"]),
    ("dmesg", &["-C", "-c", "--clear", "--read-clear"]),
    ("du", &["-L", "--dereference", "--files0-from"]),
    ("eslint", &["-c", "--config", "-f", "--format", "--rulesdir", "--parser", "--plugin",
        "--resolve-plugins-relative-to", "-o", "--output-file", "--cache-location"]),
    ("fd", &["-x", "-X", "--exec", "--exec-batch", "-L", "--follow", "--search-path", "--ignore-file"]),
    ("fdfind", &["-x", "-X", "--exec", "--exec-batch", "-L", "--follow", "--search-path",
        "--ignore-file"]),
    ("file", &["-C", "--compile", "-m", "--magic-file", "-f", "--files-from", "-L", "--dereference"]),
    ("find", &["-exec", "-execdir", "-ok", "-okdir", "-delete", "-fprint", "-fprint0", "-fprintf",
        "-fls", "-L", "-H", "-follow", "-files0-from"]),
    ("g++", CC),
    ("gcc", CC),
    // What stands behind `--` are options of git.
    ("gh", &["--hostname", "--web", "-w", "--"]),
    ("go", &["-exec", "-toolexec", "-vettool", "-overlay", "-modfile", "-w"]),
    ("gradle", &["-I", "--init-script", "-g", "--gradle-user-home"]),
    ("grep", GREP),
    ("egrep", GREP),
    ("fgrep", GREP),
    ("hostname", &["-F", "--file", "-b"]),
    ("jest", &["--globalSetup", "--runner", "--resolver"]),
    ("journalctl", &["--vacuum-size", "--vacuum-time", "--rotate", "--flush"]),
    ("jq", &["-f", "--from-file", "-L", "--library-path", "--rawfile", "--slurpfile"]),
    ("make", MAKE),
    ("gmake", MAKE),
    ("man", &["-P", "--pager", "-H", "--html", "-C", "--config-file", "-T", "-X"]),
    ("mvn", &["-s", "--settings", "-gs", "--global-settings", "-t", "--toolchains"]),
    ("mypy", &["--config-file", "--python-executable", "--install-types", "--custom-typeshed-dir",
        "--cache-dir", "--junit-xml", "--shadow-file"]),
    ("ninja", &["-t"]),
    ("npm", NPM),
    ("pnpm", NPM),
    ("yarn", &["--script-shell", "--use-yarnrc", "--modules-folder", "--cwd", "--global-folder"]),
    ("openssl", &["-engine", "-out", "-provider"]),
    ("pip", PIP),
    ("pip3", PIP),
    ("prettier", &["--plugin", "--plugin-search-dir", "--config"]),
    ("printf", &["-v"]),
    ("pytest", &["-p", "--pdbcls", "-c", "--confcutdir", "--basetemp", "--override-ini", "-o",
        "--pastebin", "--junitxml", "--junit-xml", "--log-file", "--pyargs"]),
    ("rg", &["--pre", "--hostname-bin", "-L", "--follow", "-z", "--search-zip"]),
    ("rsync", &["-e", "--rsh", "--rsync-path", "--daemon", "--write-batch", "--only-write-batch", "-L",
        "--copy-links", "-k", "-K", "-M", "--copy-unsafe-links", "--copy-dirlinks", "--keep-dirlinks",
        "--remote-option", "--log-file"]),
    ("ruff", &["-o", "--output-file", "--config"]),
    ("rustc", &["-C", "--codegen", "-Z", "--sysroot", "--extern"]),
    ("rustfmt", &["--config-path", "--config"]),
    ("shuf", &["-o", "--output", "--random-source"]),
    ("sort", &["-o", "-T", "--output", "--compress-program", "--files0-from", "--temporary-directory",
        "--random-source"]),
    ("split", &["--filter"]),
    ("tar", TAR),
    ("gtar", TAR),
    ("bsdtar", TAR),
    ("tree", &["-o", "-R", "-l", "--fromfile", "--fromtabfile", "--gitfile", "--infofile"]),
    ("tsc", &["--plugins"]),
    ("unzip", &["-:"]),
    ("uv", &["-p", "--python", "--config-file"]),
    ("wc", &["--files0-from"]),
    ("wget", &["-O", "-i", "-o", "-a", "-e", "--execute", "--use-askpass", "--post-file", "--body-file",
        "--config", "-P"]),
    ("xxd", &["-r", "-revert"]),
    ("zip", &["-T", "-TT", "--unzip-command", "--test", "-@", "--names-stdin"]),
];

#[rustfmt::skip]
const CC: &[&str] = &[
    "-wrapper", "-fplugin", "-specs", "--specs", "-B", "-Xclang", "-fuse-ld", "--ld-path", "-Xlinker",
    "-Xassembler", "-Xpreprocessor", "-fpass-plugin", "-mllvm", "-cc1", "-load", "--config", "--prefix",
    "--gcc-toolchain", "-iplugindir",
];

/// Programs that take the options in a file for a word `@file`.
#[rustfmt::skip]
pub(super) const RESPONSE_FILES: &[&str] = &[
    "ar", "as", "c++", "cc", "clang", "clang++", "g++", "gcc", "jar", "java", "javac", "javadoc",
    "kotlinc", "ld", "mypy", "nm", "objcopy", "objdump", "pytest", "ranlib", "readelf", "ruff", "rustc",
    "size", "strings", "strip", "swiftc", "tsc",
];

#[rustfmt::skip]
const CURL: &[&str] = &[
    "-o", "-O", "-K", "-T", "-D", "-c", "-J", "--config", "--cookie-jar", "--create-dirs",
    "--dump-header", "--etag-save", "--hsts", "--alt-svc", "--libcurl", "--netrc-file", "--output",
    "--output-dir", "--remote-name", "--remote-name-all", "--stderr", "--trace", "--trace-ascii",
    "--upload-file", "--engine", "--proxy-cert", "--unix-socket", "--abstract-unix-socket",
];

const GREP: &[&str] = &["-R", "--dereference-recursive"];

const MAKE: &[&str] = &["--eval", "-E"];

#[rustfmt::skip]
const NPM: &[&str] = &[
    "--script-shell", "--shell", "--node-options", "--globalconfig", "--userconfig", "--git",
    "--editor", "--viewer", "--prefix", "--browser", "--call", "--onload-script", "--init-module", "-g",
    "--global", "--location",
];

#[rustfmt::skip]
const PIP: &[&str] = &[
    "--python", "--target", "--prefix", "--root", "--config-settings", "--global-option", "--log", "-t",
];

#[rustfmt::skip]
const TAR: &[&str] = &[
    "-F", "-I", "-P", "-h", "--absolute-names", "--dereference", "--checkpoint-action", "--info-script",
    "--new-volume-script", "--rmt-command", "--rsh-command", "--to-command", "--use-compress-program",
    "--index-file", "--files-from", "-T", "--volno-file", "--keep-directory-symlink", "--transform",
    "--xform", "-s", "-g", "--listed-incremental",
];

/// First words with which a tool runs a command that stands behind them, or changes what later calls run.
#[rustfmt::skip]
pub(super) const RUNNING_SUBCOMMANDS: &[(&str, &[&str])] = &[
    ("bundle", &["exec", "e", "config", "console", "open", "plugin"]),
    ("composer", &["exec", "run-script", "config", "global"]),
    ("conda", &["run", "config", "init"]),
    ("deno", &["eval", "repl", "install", "jupyter", "upgrade", "x"]),
    ("docker", &["run", "exec", "create", "plugin", "swarm"]),
    ("kubectl", &["exec", "run", "debug", "config"]),
    ("podman", &["run", "exec", "create", "unshare", "machine"]),
    ("gh", &["alias", "auth", "config", "extension", "ext", "codespace", "cs", "ssh-key", "gpg-key",
        "secret"]),
    ("go", &["env", "tool", "telemetry"]),
    ("npm", &["exec", "x", "explore", "config", "c", "set", "edit", "init", "create", "innit", "pkg",
        "set-script", "root"]),
    ("pip", &["config"]),
    ("pip3", &["config"]),
    ("pnpm", &["exec", "dlx", "config", "c", "create", "setup"]),
    ("poetry", &["run", "config", "shell", "self", "use"]),
    ("rustup", &["run", "override", "set", "self", "toolchain"]),
    ("uv", &["run", "tool", "x"]),
    ("yarn", &["exec", "dlx", "config", "create", "node", "plugin", "set"]),
];

/// Tools whose first word says what they do.
#[rustfmt::skip]
pub(super) const SUBCOMMAND_TOOLS: &[&str] = &[
    "apt", "brew", "bundle", "cargo", "composer", "deno", "docker", "dotnet", "gh", "git", "go", "helm",
    "just", "kubectl", "make", "mix", "npm", "nx", "pip", "pip3", "pnpm", "poetry", "rustup",
    "terraform", "uv", "yarn",
];

/// Commands that only read and write to their output, whatever their words (but for [`RISKY_OPTIONS`]).
#[rustfmt::skip]
pub(super) const READERS: &[&str] = &[
    "basename", "cat", "cd", "cmp", "cut", "df", "diff", "dirname", "du", "echo", "egrep", "false",
    "fgrep", "file", "grep", "head", "id", "jq", "ls", "md5sum", "nl", "printf", "pwd", "realpath",
    "rg", "sha256sum", "stat", "tac", "tail", "tr", "true", "type", "uname", "wc", "which", "whoami",
    "test", "[",
];

/// Others that only look. Rules for them are offered as they are.
#[rustfmt::skip]
pub(super) const LOOKERS: &[&str] = &[
    "awk", "cksum", "column", "comm", "date", "expr", "fd", "find", "fold", "free", "gawk", "hostname",
    "join", "lsof", "mawk", "nproc", "od", "paste", "pgrep", "printenv", "ps", "readlink", "rev", "sed",
    "seq", "sha1sum", "sha512sum", "sort", "strings", "tree", "tsort", "tty", "uptime", "who", "xxd",
    "hexdump",
];

/// Commands whose words name no files.
#[rustfmt::skip]
pub(super) const NAME_NO_FILES: &[&str] = &[
    "basename", "dirname", "echo", "exit", "expr", "false", "kill", "printf", "pwd", "seq", "sleep",
    "tr", "true", "type",
];
