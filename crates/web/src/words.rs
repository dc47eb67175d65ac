//! Status keywords: enums whose variants have one keyword for the store, JSON and parameters.

/// An enum of keywords, each with the message id of its label.
pub trait Labelled {
    /// Every keyword with its label's message id, in the order of the enum.
    const CHOICES: &'static [(&'static str, &'static str)];
}

/// Declares an enum whose variants are words in the store and in JSON. A word is matched as `tt`,
/// because utoipa does not accept a `literal` that a macro passes on. Words that people read have a
/// label's message id: `Draft = "draft" => "post-draft"`.
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:tt => $label:literal),+ $(,)? }) => {
        $crate::words! { $(#[$meta])* $name { $($(#[$inner])* $variant = $word),+ } }

        impl $name {
            /// Every word with its label's message id.
            pub const CHOICES: &'static [(&'static str, &'static str)] = &[$(($word, $label)),+];

            /// The message id of the word's label.
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
            /// Every variant.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The variant with this word.
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
