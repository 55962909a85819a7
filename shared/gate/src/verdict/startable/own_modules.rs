//! Modules that a runtime has itself: a handler that names one does not get the package's code.
//!
//! As AWS's own runtime interface clients for Python and Node.js look for them (grade B). The lists are what Python 3.10 to 3.13
//! and Node.js 20 themselves name (`sys.stdlib_module_names`, `module.builtinModules`), without what is not for functions.

use super::runtime::RuntimeFamily;

/// Modules in Python's interpreter itself (`sys.builtin_module_names`), which its runtime refuses as handlers.
const OF_INTERPRETER: &[&str] = &[
    "atexit",
    "builtins",
    "errno",
    "faulthandler",
    "gc",
    "itertools",
    "marshal",
    "posix",
    "pwd",
    "sys",
    "time",
];

/// Modules that the runtime of Python has loaded before it looks for the handler, and takes again.
const LOADED_BEFORE: &[&str] = &["importlib", "json", "logging", "os", "traceback"];

/// Other modules of Python, which it takes where the package has none of the name.
const OF_PYTHON: &[&str] = &[
    "abc",
    "argparse",
    "array",
    "ast",
    "asyncio",
    "base64",
    "bdb",
    "binascii",
    "bisect",
    "bz2",
    "cProfile",
    "calendar",
    "cmath",
    "cmd",
    "code",
    "codecs",
    "codeop",
    "collections",
    "colorsys",
    "compileall",
    "concurrent",
    "configparser",
    "contextlib",
    "contextvars",
    "copy",
    "copyreg",
    "csv",
    "ctypes",
    "curses",
    "dataclasses",
    "datetime",
    "dbm",
    "decimal",
    "difflib",
    "dis",
    "doctest",
    "email",
    "encodings",
    "enum",
    "fcntl",
    "filecmp",
    "fileinput",
    "fnmatch",
    "fractions",
    "ftplib",
    "functools",
    "genericpath",
    "getopt",
    "getpass",
    "gettext",
    "glob",
    "graphlib",
    "grp",
    "gzip",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "http",
    "imaplib",
    "inspect",
    "io",
    "ipaddress",
    "keyword",
    "linecache",
    "locale",
    "lzma",
    "mailbox",
    "math",
    "mimetypes",
    "mmap",
    "modulefinder",
    "multiprocessing",
    "netrc",
    "numbers",
    "opcode",
    "operator",
    "optparse",
    "pathlib",
    "pdb",
    "pickle",
    "pickletools",
    "pkgutil",
    "platform",
    "plistlib",
    "poplib",
    "posixpath",
    "pprint",
    "profile",
    "pstats",
    "pty",
    "py_compile",
    "pyclbr",
    "pydoc",
    "queue",
    "quopri",
    "random",
    "re",
    "readline",
    "reprlib",
    "resource",
    "rlcompleter",
    "runpy",
    "sched",
    "secrets",
    "select",
    "selectors",
    "shelve",
    "shlex",
    "shutil",
    "signal",
    "site",
    "smtplib",
    "socket",
    "socketserver",
    "sqlite3",
    "ssl",
    "stat",
    "statistics",
    "string",
    "stringprep",
    "struct",
    "subprocess",
    "symtable",
    "sysconfig",
    "syslog",
    "tabnanny",
    "tarfile",
    "tempfile",
    "termios",
    "textwrap",
    "threading",
    "timeit",
    "token",
    "tokenize",
    "trace",
    "tracemalloc",
    "tty",
    "types",
    "typing",
    "unicodedata",
    "unittest",
    "urllib",
    "uuid",
    "venv",
    "warnings",
    "wave",
    "weakref",
    "webbrowser",
    "wsgiref",
    "xml",
    "xmlrpc",
    "zipapp",
    "zipfile",
    "zipimport",
    "zlib",
    "zoneinfo",
];

/// Modules of Node.js, which it takes where there is no such file, also before one in `node_modules`.
const OF_NODE: &[&str] = &[
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "stream",
    "string_decoder",
    "sys",
    "timers",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// The runtime's own module that is taken, whatever is in the package.
pub(super) fn taken_always(family: RuntimeFamily, handler: &str) -> Option<&str> {
    let module = python_module(family, handler)?;
    (OF_INTERPRETER.contains(&module) || LOADED_BEFORE.contains(&module)).then_some(module)
}

/// The runtime's own module that is taken where the package has no such file.
pub(super) fn taken_otherwise(family: RuntimeFamily, handler: &str) -> Option<&str> {
    let (module, names) = match family {
        RuntimeFamily::Python => (python_module(family, handler)?, OF_PYTHON),
        RuntimeFamily::Node => {
            let name = handler.rsplit('/').next()?;
            (name.split_once('.')?.0, OF_NODE)
        }
        _ => return None,
    };
    names.contains(&module).then_some(module)
}

/// The first part of the module that a handler of Python names: the package, which is imported first.
fn python_module(family: RuntimeFamily, handler: &str) -> Option<&str> {
    let (module, _) = handler.rsplit_once('.')?;
    let first = module.split(['.', '/']).next()?;
    (family == RuntimeFamily::Python).then_some(first)
}

#[cfg(test)]
mod tests {
    use countersign_testkit::zip::EntryForge;

    use super::super::start_faults::tests::{faults, launch, layer};
    use crate::domain::ExecWrapper;

    #[test]
    fn module_of_the_runtimes_own_is_told() {
        let with = |runtime: &str, handler: &str, file: &str| {
            faults([EntryForge::file(file, "x")], &launch(runtime, handler))
        };
        for (runtime, handler, file, words) in [
            // Whatever is in the package.
            (
                "python3.13",
                "json.dumps",
                "json.py",
                "Python's own module json",
            ),
            (
                "python3.13",
                "time.handler",
                "time.py",
                "Python's own module time",
            ),
            (
                "python3.13",
                "logging/app.handler",
                "logging/app.py",
                "module logging",
            ),
            // Where it has none of the name.
            (
                "python3.13",
                "calendar.month",
                "app.py",
                "its own module calendar instead",
            ),
            (
                "nodejs22.x",
                "fs.readFile",
                "index.js",
                "its own module fs instead",
            ),
            (
                "nodejs22.x",
                "src/fs.readFile",
                "fs.js",
                "its own module fs instead",
            ),
            (
                "nodejs22.x",
                "events.once",
                "node_modules/events/events.js",
                "its own module events",
            ),
            (
                "nodejs22.x",
                "events.once",
                "node_modules/events/index.js",
                "its own module events",
            ),
        ] {
            let told = with(runtime, handler, file);
            assert_eq!(told.len(), 1, "{handler}: {told:?}");
            assert!(told[0].contains(words), "{handler}: {told:?}");
        }
        for (runtime, handler, file) in [
            ("python3.13", "calendar.handler", "calendar.py"),
            ("python3.13", "jsonl.handler", "jsonl.py"),
            ("python3.13", "src.json.handler", "src/json.py"),
            ("nodejs22.x", "fs.handler", "fs.js"),
            ("nodejs22.x", "events.handler", "events/index.js"),
            ("nodejs22.x", "json.handler", "json.mjs"),
            ("ruby3.4", "json.handler", "json.rb"),
        ] {
            assert_eq!(with(runtime, handler, file), [""; 0], "{handler}");
        }
        // A wrapper may start anything; a layer may have one of the name.
        let mut function = launch("python3.13", "json.dumps");
        function.exec_wrapper = ExecWrapper::Set("/opt/wrapper".to_owned());
        assert_eq!(faults([EntryForge::file("x", "x")], &function), [""; 0]);
        let mut function = launch("python3.13", "calendar.month");
        function.layers = vec![layer(1)];
        assert_eq!(faults([EntryForge::file("x", "x")], &function), [""; 0]);
    }
}
