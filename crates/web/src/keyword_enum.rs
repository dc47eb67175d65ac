//! Enums of keywords. Each variant has one keyword, which the store, JSON and query parameters use.

/// An enum of keywords, each with the message id of its label.
pub trait Labelled {
    /// Every keyword with its label's message id, in the order of the enum.
    const CHOICES: &'static [(&'static str, &'static str)];
}

/// Declares an enum whose variants are keywords in the store and in JSON. A keyword is matched as
/// `tt`, because utoipa does not accept a `literal` that a macro passes on. Keywords that pages
/// show have a label's message id: `Draft = "draft" => "post-draft"`.
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:tt => $label:literal),+ $(,)? }) => {
        $crate::words! { $(#[$meta])* $name { $($(#[$inner])* $variant = $word),+ } }

        impl $name {
            /// Every keyword with its label's message id.
            pub const CHOICES: &'static [(&'static str, &'static str)] = &[$(($word, $label)),+];

            /// The message id of the keyword's label.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }
        }

        impl $crate::Labelled for $name {
            const CHOICES: &'static [(&'static str, &'static str)] = $name::CHOICES;
        }
    };
    ($(#[$meta:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:tt),+ $(,)? }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize, ::utoipa::ToSchema)]
        $(#[$meta])*
        pub enum $name {
            $($(#[$inner])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The variant's keyword.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The variant with this keyword.
            pub fn find(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl ::platform::store::Bind for $name {
            fn bind(&self) -> ::platform::store::Value<'_> {
                ::platform::store::Value::Text(self.word())
            }
        }

        impl ::platform::store::Column for $name {
            fn read(value: ::platform::store::Value<'_>) -> Option<Self> {
                match value {
                    ::platform::store::Value::Text(word) => Self::find(word),
                    _ => None,
                }
            }
        }
    };
}
