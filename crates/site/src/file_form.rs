//! A form with many files. The files are received one after the other, so that each can be stored
//! before the next arrives, and a broken connection loses only the remaining ones.

use axum::extract::{FromRequest as _, Request};
use web::{ArrivedFile, Form, Part, PartReader, Problem, Site, csrf, media_type};

use crate::asking::{Sender, check_people, visit};
use crate::request::{FormPost, OfPage, PageRequest};

/// A form with files, of which the first has arrived. The form's fields come before its files.
#[derive(Debug)]
pub struct FileForm<Q: OfPage = PageRequest> {
    pub posted: FormPost<Q>,
    first: Option<NamedFile>,
    /// The rest of the form; `None` if the form cannot contain files.
    rest: Option<PartReader>,
    most: usize,
}

/// A file of a form.
#[derive(Debug)]
pub struct NamedFile {
    /// The file's name on the sender's machine.
    pub name: String,
    /// The received file, or an error if it is too large.
    pub content: Result<ArrivedFile, Problem>,
}

impl<Q: OfPage> FileForm<Q> {
    /// Receives the fields and the first file of a form with up to `files` files of `most` bytes
    /// each.
    pub async fn receive(
        request: Request,
        site: &Site,
        files: usize,
        most: usize,
    ) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        check_people(&parts)?;
        let visit = visit(&parts, site).await;
        let request = Request::from_parts(parts.clone(), body);
        let (mut first, mut rest) = (None, None);
        let form = if media_type::is(request.headers(), media_type::MULTIPART) {
            let mut reader = PartReader::with_files(request, files, most).await?;
            let mut fields = Vec::new();
            while let Some(part) = reader.next().await? {
                match part {
                    Part::Field(name, value) => fields.push((name, value)),
                    Part::File(part) => {
                        // If the form will be refused, its files are not received.
                        let form: Form = fields.iter().cloned().collect();
                        let is_ours = visit.as_ref().is_ok_and(|(_, secret)| {
                            let (headers, secret) = (&parts.headers, secret.reveal());
                            csrf::check(headers, site.url(), secret, Some(&form)).is_ok()
                        });
                        if !is_ours {
                            break;
                        }
                        let name = part.name().to_owned();
                        if let Some(content) = part.receive(&site.files, most).await? {
                            first = Some(NamedFile { name, content });
                            break;
                        }
                    }
                }
            }
            rest = Some(reader);
            fields.into_iter().collect()
        } else {
            Form::from_request(request, site).await?
        };
        let sender = Sender::of(&parts, site, visit, form).await?;
        let posted = FormPost::of_sender(parts, site, sender, Vec::new()).await?;
        Ok(Self {
            posted,
            first,
            rest,
            most,
        })
    }

    /// Receives the next file; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<NamedFile>, Problem> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let Some(rest) = &mut self.rest else {
            return Ok(None);
        };
        let files = &self.posted.req.as_ref().site.files;
        while let Some(part) = rest.next().await? {
            let Part::File(part) = part else { continue };
            let name = part.name().to_owned();
            if let Some(content) = part.receive(files, self.most).await? {
                return Ok(Some(NamedFile { name, content }));
            }
        }
        Ok(None)
    }
}
