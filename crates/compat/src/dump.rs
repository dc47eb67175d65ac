//! Reads the rows of a plain-text `pg_dump` dump, one at a time.
//!
//! Rows are read from `COPY` blocks, the default format of `pg_dump`. The caller interprets the
//! rows. However long the dump is, only one line is in memory at a time.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::rc::Rc;

use crate::row_error::RowError;

const MAX_LINE_BYTES: u64 = 16 << 20;
/// The last comment of a complete dump.
const END: &str = "-- PostgreSQL database dump complete";

const MAKE_PLAIN: &str = "make a plain dump, as `pg_dump --no-owner --file=site.sql DATABASE` does";
const MAKE_ANEW: &str = "nothing was changed; make the dump again";

/// A dump that is being read.
#[derive(Debug)]
pub(crate) struct Dump {
    file: String,
    reader: BufReader<File>,
    line: u64,
    text: String,
    /// The table of the `COPY` block that is being read.
    table: Option<Rc<Table>>,
    is_complete: bool,
}

#[derive(Debug)]
struct Table {
    file: String,
    name: String,
    columns: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Row {
    table: Rc<Table>,
    values: Vec<Option<String>>,
    line: u64,
}

impl Dump {
    /// Opens a dump. If the dump is compressed or in a custom format, the error names the command
    /// that makes a plain dump.
    pub(crate) fn open(file: &Path) -> Result<Self, RowError> {
        let name = file.display().to_string();
        let unreadable = |error: std::io::Error| RowError::Unreadable {
            file: name.clone(),
            why: error.to_string(),
        };
        let refuse = |what: &str, mend| {
            Err(RowError::Malformed {
                place: name.clone(),
                what: what.to_owned(),
                mend,
            })
        };
        if file.is_dir() {
            let mend = "make it plain first: pg_restore --file=site.sql FOLDER";
            return refuse("it is a folder, of pg_dump's directory format", mend);
        }
        let mut reader = BufReader::new(File::open(file).map_err(unreadable)?);
        let start = reader.fill_buf().map_err(unreadable)?;
        if start.starts_with(b"PGDMP") {
            let mend = "make it plain first: pg_restore --file=site.sql DUMP";
            return refuse("it has pg_dump's custom format", mend);
        }
        if start.get(257..262) == Some(b"ustar") {
            let mend = "make it plain first: pg_restore --file=site.sql DUMP";
            return refuse("it has pg_dump's tar format", mend);
        }
        if start.starts_with(&[0x1f, 0x8b]) {
            let mend = "unpack it first: gunzip --keep DUMP.gz";
            return refuse("it is compressed with gzip", mend);
        }
        Ok(Self {
            file: name,
            reader,
            line: 0,
            text: String::new(),
            table: None,
            is_complete: false,
        })
    }

    /// Returns the next row of any table; `None` at the end of a complete dump.
    pub(crate) fn read(&mut self) -> Result<Option<Row>, RowError> {
        loop {
            if !self.read_line()? {
                return match (&self.table, self.is_complete) {
                    (None, true) => Ok(None),
                    _ => Err(self.refuse("the dump is cut off here", MAKE_ANEW)),
                };
            }
            match &self.table {
                Some(_) if self.text == "\\." => self.table = None,
                Some(table) => return self.row(Rc::clone(table)).map(Some),
                None => self.statement()?,
            }
        }
    }

    /// `false` at the end of the dump.
    fn read_line(&mut self) -> Result<bool, RowError> {
        self.text.clear();
        self.line += 1;
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        let limited = &mut self.reader.by_ref().take(MAX_LINE_BYTES);
        let count = limited.read_until(b'\n', &mut bytes);
        let count = count.map_err(|error| RowError::Unreadable {
            file: self.file.clone(),
            why: error.to_string(),
        })?;
        let ends = bytes.pop_if(|byte| *byte == b'\n').is_some();
        if !ends && count as u64 == MAX_LINE_BYTES {
            return Err(self.refuse("the line is longer than 16 MiB", "if this is no plain dump, make one: pg_dump --no-owner --file=site.sql DATABASE; if it is, shorten this row in the old database"));
        }
        let mend = "make the dump with `pg_dump --encoding=UTF8`";
        self.text =
            String::from_utf8(bytes).map_err(|_| self.refuse("it is not UTF-8 text", mend))?;
        // The dump is truncated if the last line of a `COPY` block has no line ending.
        Ok(ends || count > 0 && self.table.is_none())
    }

    fn statement(&mut self) -> Result<(), RowError> {
        if self.text == END {
            self.is_complete = true;
        } else if self.text.starts_with("COPY ") && self.text.ends_with(" FROM stdin;") {
            let table = parse_copy(&self.file, &self.text);
            let mend = MAKE_PLAIN;
            self.table =
                Some(Rc::new(table.ok_or_else(|| {
                    self.refuse("not a COPY that pg_dump writes", mend)
                })?));
        } else if self.text.starts_with("INSERT INTO ") {
            let mend = "make the dump without --inserts and --column-inserts";
            return Err(self.refuse("its rows are INSERT statements", mend));
        } else if let Some(encoding) = self.text.strip_prefix("SET client_encoding = ")
            && encoding != "'UTF8';"
        {
            let mend = "make the dump with `pg_dump --encoding=UTF8`";
            return Err(self.refuse("its encoding is not UTF8", mend));
        }
        Ok(())
    }

    fn row(&self, table: Rc<Table>) -> Result<Row, RowError> {
        let values = self.text.split('\t').map(|text| match text {
            "\\N" => Some(None),
            text => unescaped(text).map(Some),
        });
        let values: Option<Vec<_>> = values.collect();
        let values = values.filter(|values| values.len() == table.columns.len());
        let what = "not a row of its table";
        Ok(Row {
            values: values.ok_or_else(|| self.refuse(what, MAKE_ANEW))?,
            table,
            line: self.line,
        })
    }

    fn refuse(&self, what: &str, mend: &'static str) -> RowError {
        RowError::Malformed {
            place: format!("{}:{}", self.file, self.line),
            what: what.to_owned(),
            mend,
        }
    }
}

impl Row {
    /// The name of the row's table, without the schema.
    pub(crate) fn table(&self) -> &str {
        &self.table.name
    }

    /// The line number in the dump.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Returns the value of a column; `None` if the value is NULL or the table has no such column.
    pub(crate) fn get(&self, column: &str) -> Option<&str> {
        let mut columns = self.table.columns.iter();
        let place = columns.position(|name| name == column)?;
        self.values.get(place)?.as_deref()
    }

    /// Like [`Row::get`], but a missing value is an error.
    pub(crate) fn require(&self, column: &str) -> Result<&str, RowError> {
        let what = || format!("{} has no {column}", self.table.name);
        self.get(column).ok_or_else(|| self.refuse(what()))
    }

    /// Makes an error that names this row's line in the dump.
    pub(crate) fn refuse(&self, what: String) -> RowError {
        RowError::Malformed {
            place: format!("{}:{}", self.table.file, self.line),
            what,
            mend: "nothing was changed; correct it in the old database, or in the dump",
        }
    }
}

/// Such as `COPY public.users (id, email) FROM stdin;`.
fn parse_copy(file: &str, line: &str) -> Option<Table> {
    let inner = line.strip_prefix("COPY ")?.strip_suffix(") FROM stdin;")?;
    let (name, columns) = inner.split_once(" (")?;
    let unquoted = |name: &str| name.trim().trim_matches('"').to_owned();
    let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
    Some(Table {
        file: file.to_owned(),
        name: unquoted(name),
        columns: columns.split(',').map(unquoted).collect(),
    })
}

/// `None` if the value ends within an escape sequence.
fn unescaped(text: &str) -> Option<String> {
    let mut value = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        value.push(match letter {
            '\\' => match letters.next()? {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'v' => '\u{b}',
                other => other,
            },
            other => other,
        });
    }
    Some(value)
}

/// Returns the elements of a text array in PostgreSQL's notation, such as `{a,"b c"}`.
pub(crate) fn array(text: &str) -> Option<Vec<String>> {
    let mut letters = text.strip_prefix('{')?.strip_suffix('}')?.chars();
    let mut all = Vec::new();
    if letters.as_str().is_empty() {
        return Some(all);
    }
    let (mut one, mut is_quoted) = (String::new(), false);
    while let Some(letter) = letters.next() {
        match letter {
            '"' => is_quoted = !is_quoted,
            '\\' => one.push(letters.next()?),
            ',' if !is_quoted => all.push(std::mem::take(&mut one)),
            other => one.push(other),
        }
    }
    all.push(one);
    (!is_quoted).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<Row>, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("site.sql");
        std::fs::write(&file, bytes).unwrap();
        let mut dump = Dump::open(&file).map_err(|error| error.to_string())?;
        let mut rows = Vec::new();
        while let Some(row) = dump.read().map_err(|error| error.to_string())? {
            rows.push(row);
        }
        Ok(rows)
    }

    const WHOLE: &str = "SET client_encoding = 'UTF8';\n\
        COPY public.people (id, \"name\", note) FROM stdin;\n\
        1\tFarah\\tAli\\\\\\n\\N\t\\N\n\
        2\t\tkopi\n\
        \\.\n\nCOPY public.empty (id) FROM stdin;\n\\.\n\
        -- PostgreSQL database dump complete\n--\n";

    #[test]
    fn rows_have_their_table_their_columns_and_their_line() {
        let rows = read(WHOLE.as_bytes()).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].table(), rows[0].line()), ("people", 3));
        assert_eq!(rows[0].get("name"), Some("Farah\tAli\\\nN"));
        assert_eq!(rows[0].get("note"), None);
        assert_eq!(rows[1].get("name"), Some(""));
        assert_eq!(rows[1].require("note").unwrap(), "kopi");
        assert_eq!(rows[1].get("age"), None);
        let error = rows[0].require("note").unwrap_err().to_string();
        assert!(error.contains("site.sql:3: people has no note"), "{error}");
    }

    #[test]
    fn a_dump_that_breaks_off_is_refused_wherever_it_does() {
        let end = WHOLE.find("-- Postgre").unwrap() + END.len();
        for length in 0..end {
            let error = read(&WHOLE.as_bytes()[..length]).unwrap_err();
            assert!(error.contains("site.sql:"), "{length}: {error}");
        }
        assert!(read(&WHOLE.as_bytes()[..end]).is_ok());
    }

    #[test]
    fn what_is_no_plain_dump_is_refused_with_what_to_do() {
        let mut tar = vec![b'x'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        for (bytes, what) in [
            (b"PGDMP\x01".to_vec(), "pg_restore --file=site.sql DUMP"),
            (tar, "pg_restore --file=site.sql DUMP"),
            (vec![0x1f, 0x8b, 8, 0], "gunzip"),
            (
                WHOLE.replace("UTF8", "LATIN1").into_bytes(),
                "--encoding=UTF8",
            ),
            (b"\xff\xfe\n".to_vec(), "--encoding=UTF8"),
            (
                b"INSERT INTO public.people VALUES (1);\n".to_vec(),
                "without --inserts",
            ),
            (
                WHOLE.replace("2\t\t", "2\t").into_bytes(),
                "site.sql:4: not a row",
            ),
            (b"COPY people FROM stdin;\n".to_vec(), "site.sql:1"),
        ] {
            let error = read(&bytes).unwrap_err();
            assert!(error.contains(what), "{what}: {error}");
        }
    }

    #[test]
    fn an_array_has_its_texts() {
        for (text, texts) in [
            ("{}", Some(vec![])),
            ("{a,b}", Some(vec!["a", "b"])),
            (r#"{"a b","c,\"d\"",e}"#, Some(vec!["a b", "c,\"d\"", "e"])),
            ("a", None),
            ("{\"a}", None),
        ] {
            let texts = texts.map(|all| all.into_iter().map(str::to_owned).collect());
            assert_eq!(array(text), texts, "{text}");
        }
    }
}
