//! The languages of handlers, and what runs them.

/// What the runtime of a function is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Python,
    Node,
}

impl Language {
    /// The language of a runtime of Lambda, such as `python3.13` or `nodejs22.x`; `None` for one that does not run here.
    #[must_use]
    pub fn of(runtime: &str) -> Option<Self> {
        if runtime.starts_with("python3") {
            return Some(Self::Python);
        }
        runtime.starts_with("nodejs").then_some(Self::Node)
    }

    /// The program that runs the handler, found by `PATH`: the version is this machine's.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::Python => "python3",
            Self::Node => "node",
        }
    }

    /// Its arguments, with the code that asks the Runtime API for events.
    pub(super) const fn arguments(self) -> [&'static str; 3] {
        match self {
            Self::Python => ["-u", "-c", include_str!("bootstrap.py")],
            Self::Node => ["--enable-source-maps", "-e", include_str!("bootstrap.js")],
        }
    }

    /// The files in which a handler's module may be, below the function's folder.
    #[must_use]
    pub fn files(self, module: &str) -> Vec<String> {
        match self {
            Self::Python => vec![format!("{}.py", module.replace('.', "/"))],
            Self::Node => ["js", "mjs", "cjs"].map(|ending| format!("{module}.{ending}")).to_vec(),
        }
    }

    /// The file of a function whose whole code is one text, as CloudFormation's `ZipFile` is.
    #[must_use]
    pub const fn only_file(self) -> &'static str {
        match self {
            Self::Python => "index.py",
            Self::Node => "index.js",
        }
    }
}
