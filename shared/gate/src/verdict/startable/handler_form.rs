//! Handlers that a runtime refuses as they are written, wherever the file lies.
//!
//! As AWS's own runtime interface clients for Python and Node.js read them (grade B). What others do is not known well enough.

use super::{fault::StartFault, own_modules::taken_always, runtime::RuntimeFamily};
use crate::domain::ReasonCode;

/// What is wrong with a handler as it is written; nothing where the runtime would look for its file.
pub(super) fn refused_handler(
    runtime: &str,
    family: RuntimeFamily,
    handler: &str,
) -> Option<StartFault> {
    let fault = |message: String, fix: String| {
        Some(StartFault {
            code: ReasonCode::EntryPointMissing,
            file: None,
            message,
            fix,
        })
    };
    if names_no_function(family, handler) {
        let path = handler.trim_end_matches('.');
        return fault(
            format!(
                "the handler {handler:?} of {runtime} names no function, and the runtime ends before it calls anything"
            ),
            format!(
                "set the function's handler: write {path}.NAME, with the name of the function that is called"
            ),
        );
    }
    if let Some(module) = taken_always(family, handler) {
        return fault(
            format!(
                "the handler {handler:?} of {runtime} names Python's own module {module}, which the runtime takes before any of \
                 that name in the package"
            ),
            "give the file another name, and set the function's handler to it".to_owned(),
        );
    }
    match family {
        // The runtime makes a module's name of the path, in which an empty part is relative to nothing.
        RuntimeFamily::Python => {
            let (module, function) = handler.rsplit_once('.')?;
            let parts: Vec<&str> = module.split(['.', '/']).collect();
            if module.starts_with('/') || !parts.contains(&"") {
                return None;
            }
            let named = parts.into_iter().filter(|part| !part.is_empty());
            let named: Vec<&str> = named.collect();
            fault(
                format!(
                    "the handler {handler:?} of {runtime} is the module {:?}, which Python cannot import",
                    module.replace('/', ".")
                ),
                format!(
                    "set the function's handler to the path from the top of the package, for instance {}.{function}",
                    named.join("/")
                ),
            )
        }
        RuntimeFamily::Node if handler.contains("..") => fault(
            format!(
                "the handler {handler:?} of {runtime} has `..` in it, which the runtime refuses"
            ),
            "set the function's handler to the path from the top of the package, without `..`"
                .to_owned(),
        ),
        RuntimeFamily::Node
        | RuntimeFamily::Ruby
        | RuntimeFamily::Java
        | RuntimeFamily::Dotnet
        | RuntimeFamily::Custom => None,
    }
}

/// Whether a handler is only a file. The runtimes of Python and Node.js split it at a dot, the one at the last, the other
/// at the first behind the folders.
fn names_no_function(family: RuntimeFamily, handler: &str) -> bool {
    let function = match family {
        RuntimeFamily::Python => handler.rsplit_once('.'),
        RuntimeFamily::Node => {
            let file = handler.rsplit('/').next().unwrap_or_default();
            file.split_once('.')
        }
        RuntimeFamily::Ruby
        | RuntimeFamily::Java
        | RuntimeFamily::Dotnet
        | RuntimeFamily::Custom => return false,
    };
    function.is_none_or(|(_, function)| function.is_empty())
}
