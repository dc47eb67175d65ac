//! Splits an nginx configuration into tokens, as nginx does.
//!
//! Blanks separate words, and `;`, `{` and `}` end a word. A `#` begins a comment, but not inside a
//! word. Quotes preserve blanks. A `\` keeps the next character from ending a word or its quotes. The braces of `${name}` do
//! not end a word.

use std::iter::Peekable;
use std::str::Chars;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A word, without its quotes.
    Word(String),
    /// `;`
    End,
    /// `{`
    Open,
    /// `}`
    Close,
}

/// A syntax error, with the line in which the token began.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadToken {
    pub(super) line: usize,
    pub(super) what: &'static str,
}

/// Splits text into tokens, each with its line number, counted from 1.
pub(super) struct Tokens<'a> {
    letters: Peekable<Chars<'a>>,
    line: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        // Some editors write a byte order mark at the beginning.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self {
            letters: text.chars().peekable(),
            line: 1,
        }
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.letters.next();
        if letter == Some('\n') {
            self.line += 1;
        }
        letter
    }

    pub(super) fn next(&mut self) -> Result<Option<(Token, usize)>, BadToken> {
        loop {
            match self.letters.peek() {
                None => return Ok(None),
                Some('#') => while self.take().is_some_and(|letter| letter != '\n') {},
                Some(blank) if blank.is_whitespace() => {
                    self.take();
                }
                Some(_) => break,
            }
        }
        let line = self.line;
        let token = match self.letters.peek() {
            Some(';') => Token::End,
            Some('{') => Token::Open,
            Some('}') => Token::Close,
            Some(&quote @ ('"' | '\'')) => return self.quoted(quote, line).map(Some),
            _ => return Ok(Some((self.word(), line))),
        };
        self.take();
        Ok(Some((token, line)))
    }

    fn quoted(&mut self, quote: char, line: usize) -> Result<(Token, usize), BadToken> {
        self.take();
        let mut word = String::new();
        loop {
            match self.take() {
                None => {
                    return Err(BadToken {
                        line,
                        what: "a quote is not closed",
                    });
                }
                Some('\\') => self.escaped(&mut word),
                Some(end) if end == quote => return Ok((Token::Word(word), line)),
                Some(letter) => word.push(letter),
            }
        }
    }

    fn word(&mut self) -> Token {
        let mut word = String::new();
        while let Some(&letter) = self.letters.peek() {
            match letter {
                ';' | '{' | '}' => break,
                blank if blank.is_whitespace() => break,
                _ => {}
            }
            self.take();
            match letter {
                '\\' => self.escaped(&mut word),
                '$' if self.letters.peek() == Some(&'{') => {
                    word.push('$');
                    while let Some(letter) = self.take() {
                        word.push(letter);
                        if letter == '}' {
                            break;
                        }
                    }
                }
                _ => word.push(letter),
            }
        }
        Token::Word(word)
    }

    /// The `\` is removed before quotes and another `\`; `\t`, `\n` and `\r` become control
    /// characters; every other `\` is kept.
    fn escaped(&mut self, word: &mut String) {
        match self.take() {
            Some(letter @ ('"' | '\'' | '\\')) => word.push(letter),
            Some('t') => word.push('\t'),
            Some('n') => word.push('\n'),
            Some('r') => word.push('\r'),
            Some(letter) => word.extend(['\\', letter]),
            None => word.push('\\'),
        }
    }

    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Skips a block in another language, such as Lua, up to its closing brace.
    pub(super) fn skip_block(&mut self) {
        let mut depth = 1_usize;
        while let Some(letter) = self.take() {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(Token, usize)> {
        let mut tokens = Tokens::new(text);
        let mut all = Vec::new();
        while let Some(token) = tokens.next().unwrap() {
            all.push(token);
        }
        all
    }

    fn word(text: &str) -> Token {
        Token::Word(text.to_owned())
    }

    #[test]
    fn words_are_split_as_nginx_does() {
        assert_eq!(
            read("a b;# c\n\n'd e' \"f\\\"g\"{}"),
            [
                (word("a"), 1),
                (word("b"), 1),
                (Token::End, 1),
                (word("d e"), 3),
                (word("f\"g"), 3),
                (Token::Open, 3),
                (Token::Close, 3),
            ]
        );
        assert_eq!(read("x#y")[0].0, word("x#y"), "no comment inside a word");
        assert_eq!(read("${a}b;")[0].0, word("${a}b"));
        assert_eq!(read(r"~ \.php$")[1].0, word(r"\.php$"));
        for (text, expected) in [
            (r#""a\.b""#, r"a\.b"),
            (r#""a\\.b""#, r"a\.b"),
            (r"a\;b\ c\{d", r"a\;b\ c\{d"),
            (r"'it\'s'", "it's"),
        ] {
            assert_eq!(read(text)[0].0, word(expected), "{text}");
        }
        assert_eq!(read("\u{feff}a")[0].0, word("a"));
    }

    #[test]
    fn an_open_quote_is_told_where_it_began() {
        let mut tokens = Tokens::new("a\n 'b\nc");
        tokens.next().unwrap();
        assert_eq!(tokens.next().unwrap_err().line, 2);
    }
}
