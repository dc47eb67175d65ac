//! Parses an nginx configuration into directives, with all included files.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::directive::{Directive, Place};
use super::include::Includes;
use super::tokens::{Token, Tokens};
use crate::ImportError;

const MAX_DEPTH: usize = 32;
/// Reads a file and the files that it includes. Also returns remarks about files that could not be
/// included.
pub(super) fn read(file: &Path) -> Result<(Vec<Directive>, Vec<String>), ImportError> {
    let text = crate::read(file)?;
    let mut includes = Includes::beside(file);
    let name = file.file_name().unwrap_or(file.as_os_str());
    let directives = parse(&text, &name.to_string_lossy(), file, &mut includes)?;
    Ok((directives, includes.remarks))
}

pub(super) fn parse(
    text: &str,
    name: &str,
    path: &Path,
    includes: &mut Includes,
) -> Result<Vec<Directive>, ImportError> {
    let mut reader = Reader {
        tokens: Tokens::new(text),
        file: name.into(),
        path: path.to_owned(),
        includes,
    };
    reader.block(0)
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    file: Rc<str>,
    path: PathBuf,
    includes: &'a mut Includes,
}

impl Reader<'_> {
    fn wrong(&self, line: usize, what: &str) -> ImportError {
        ImportError::Malformed {
            place: format!("{}:{line}", self.file),
            what: what.to_owned(),
            mend: "correct the file there and import again; if `nginx -t` accepts it as it is, please report this",
        }
    }

    fn token(&mut self) -> Result<Option<(Token, usize)>, ImportError> {
        self.tokens
            .next()
            .map_err(|bad| self.wrong(bad.line, bad.what))
    }

    fn block(&mut self, depth: usize) -> Result<Vec<Directive>, ImportError> {
        let mut all = Vec::new();
        loop {
            let (name, line) = match self.token()? {
                Some((Token::Word(name), line)) => (name, line),
                Some((Token::Close, _)) if depth > 0 => return Ok(all),
                Some((Token::Close, line)) => {
                    return Err(self.wrong(line, "a } without a { before it"));
                }
                // nginx refuses an empty directive. The import accepts it, because it is harmless.
                Some((Token::End, _)) => continue,
                Some((Token::Open, line)) => {
                    return Err(self.wrong(line, "a { without a name before it"));
                }
                None if depth == 0 => return Ok(all),
                None => return Err(self.wrong(self.last_line(), "a { is not closed")),
            };
            let mut directive = Directive {
                place: Place {
                    file: Rc::clone(&self.file),
                    line,
                },
                name,
                words: Vec::new(),
                block: None,
            };
            loop {
                match self.token()? {
                    Some((Token::Word(word), _)) => directive.words.push(word),
                    Some((Token::End, _)) => break,
                    Some((Token::Open, line)) if depth >= MAX_DEPTH => {
                        return Err(self.wrong(line, "blocks are nested too deep"));
                    }
                    Some((Token::Open, _)) if directive.name.ends_with("_by_lua_block") => {
                        self.tokens.skip_block();
                        directive.block = Some(Vec::new());
                        break;
                    }
                    Some((Token::Open, _)) => {
                        directive.block = Some(self.block(depth + 1)?);
                        break;
                    }
                    Some((Token::Close, line)) => {
                        return Err(self.wrong(line, "a } where a ; was expected"));
                    }
                    None => return Err(self.wrong(line, "the directive does not end with ;")),
                }
            }
            if !self.includes.count() {
                return Err(self.wrong(line, "there are too many directives"));
            }
            if directive.name == "include" && directive.block.is_none() {
                all.extend(self.include(&directive)?);
            } else {
                all.push(directive);
            }
        }
    }

    fn last_line(&self) -> usize {
        self.tokens.line()
    }

    fn include(&mut self, directive: &Directive) -> Result<Vec<Directive>, ImportError> {
        let mut all = Vec::new();
        let Some(files) = self.includes.find(directive, &self.path) else {
            return Ok(all);
        };
        for file in files {
            let Some(text) = self.includes.open(directive, &file)? else {
                continue;
            };
            let name = file.file_name().unwrap_or(file.as_os_str());
            let inner = parse(&text, &name.to_string_lossy(), &file, self.includes);
            self.includes.close();
            all.extend(inner?);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_alone(text: &str) -> Result<Vec<Directive>, ImportError> {
        parse(
            text,
            "site.conf",
            Path::new("site.conf"),
            &mut Includes::none(),
        )
    }

    #[test]
    fn blocks_hold_directives() {
        let all = parse_alone("a b;\nc {\n d 'e f'; g { }\n}\n").unwrap();
        assert_eq!(all[0].shown(), "a b");
        assert_eq!(all[1].inside()[0].words, ["e f"]);
        assert_eq!(all[1].inside()[1].place.to_string(), "site.conf:3");
    }

    #[test]
    fn what_nginx_would_refuse_is_told_with_its_line() {
        for (text, told) in [
            ("a;\n}", "site.conf:2: a } without a { before it"),
            ("a {\n b;", "is not closed"),
            ("a\nb", "does not end with ;"),
            ("a {\n b }", "site.conf:2: a } where"),
            ("{ }", "without a name"),
            (&"a {".repeat(40), "too deep"),
        ] {
            let why = parse_alone(text).unwrap_err().to_string();
            assert!(why.contains(told), "{why}");
        }
    }

    #[test]
    fn blocks_of_lua_are_stepped_over() {
        let all = parse_alone("x_by_lua_block { if a then b = {} end }\nc;").unwrap();
        assert_eq!(all[1].name, "c");
    }
}
