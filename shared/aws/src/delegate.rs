//! Several adapters in one value.

/// Implements a port by handing each call to the adapter in a field.
macro_rules! delegate {
    ([$($generics:tt)*] $port:ident for [$whole:ty] to $field:ident: $(
        fn $method:ident($($argument:ident: $type:ty),*) -> $answer:ty;
    )+) => {
        impl<$($generics)*> $port for $whole {
            $(async fn $method(&self, $($argument: $type),*) -> Result<$answer, PortError> {
                self.$field.$method($($argument),*).await
            })+
        }
    };
}
pub(crate) use delegate;
