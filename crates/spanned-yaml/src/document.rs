//! Parsing a stream: documents, their directives, and going on after an error.

use crate::{
    Error, Limits, Span,
    builder::Builder,
    parser::Parser,
    scanner::TokenKind,
    tree::{Document, Tree},
};

/// Parses `source`; `bad` are offsets of bytes and characters that YAML doesn't
/// allow, with what to say of them.
pub(crate) fn parse_stream(source: Box<str>, bad: &[Error], limits: &Limits) -> Tree {
    let start = if source.starts_with('\u{feff}') { 3 } else { 0 };
    let mut parser = Parser::new(&source, start, limits);
    let mut errors: Vec<Error> = Vec::new();
    let mut documents: Vec<Document> = Vec::new();
    loop {
        let from = parser.next_start();
        match parser.document() {
            Ok(Some(document)) => documents.push(document),
            Ok(None) => break,
            Err(mut error) => {
                error.document = documents.len();
                let after = (error.span.start as usize).max(from + 1);
                let resume = next_document(source.as_bytes(), after);
                let end = resume.unwrap_or(source.len());
                parser.builder.abandon();
                documents.push(Document {
                    span: Span::new(from.min(end), end),
                    broken: true,
                    ..Document::default()
                });
                errors.push(*error);
                match resume {
                    Some(resume) => parser.restart(resume),
                    None => break,
                }
            }
        }
    }
    mark_bad_characters(&mut documents, &mut errors, bad, source.len());
    let Parser { scanner, builder, .. } = parser;
    let (comments, decoded) = (scanner.comments, scanner.decoded);
    let Builder { nodes, properties, .. } = builder;
    Tree::new(source, &nodes, properties, decoded, documents, comments, errors)
}

/// Start of the first line from `from` on that begins with `---` and a blank,
/// break or end.
fn next_document(bytes: &[u8], from: usize) -> Option<usize> {
    let finder = memchr::memmem::Finder::new(b"---");
    let mut at = from;
    while let Some(found) = finder.find(bytes.get(at..)?) {
        let start = at + found;
        let before = start.checked_sub(1).and_then(|before| bytes.get(before));
        let begins_line = matches!(before, Some(b'\n' | b'\r'));
        let is_marker = matches!(bytes.get(start + 3), None | Some(b' ' | b'\t' | b'\n' | b'\r'));
        if begins_line && is_marker {
            return Some(start);
        }
        at = start + 1;
    }
    None
}

/// A document that holds a character that isn't allowed is broken; the first
/// such character of each is reported.
fn mark_bad_characters(
    documents: &mut Vec<Document>,
    errors: &mut Vec<Error>,
    bad: &[Error],
    end: usize,
) {
    if bad.is_empty() {
        return;
    }
    if documents.is_empty() {
        documents.push(Document { span: Span::new(0, end), ..Document::default() });
    }
    let mut reported = None;
    for error in bad {
        let at = error.span.start;
        let index =
            documents.partition_point(|document| document.span.start <= at).saturating_sub(1);
        if reported == Some(index) {
            continue;
        }
        reported = Some(index);
        if let Some(document) = documents.get_mut(index) {
            document.broken = true;
            document.root = None;
        }
        // What the grammar says of such a document follows from the character.
        errors.retain(|error| error.document != index);
        errors.push(Error { document: index, ..error.clone() });
    }
    errors.sort_by_key(|error| (error.document, error.span));
}

impl Parser<'_> {
    /// The next document; none at the end of the stream.
    pub(crate) fn document(&mut self) -> Result<Option<Document>, Box<Error>> {
        let mut token = self.scanner.peek_token()?;
        while token.kind == TokenKind::DocumentEnd && !self.is_first {
            self.scanner.take_token();
            token = self.scanner.peek_token()?;
        }
        let mut document = Document { span: token.span, ..Document::default() };
        match token.kind {
            TokenKind::StreamEnd => return Ok(None),
            TokenKind::VersionDirective | TokenKind::TagDirective | TokenKind::DocumentStart => {
                self.directives(&mut document)?;
                let token = self.scanner.peek_token()?;
                if token.kind != TokenKind::DocumentStart {
                    return Err(Error::syntax(
                        "`---` must begin this document",
                        token.span.start as usize,
                    )
                    .help(
                        "a second document starts with `---`, and so does one that has directives",
                    ));
                }
                self.scanner.take_token();
                document.explicit_start = true;
            }
            _ if self.is_first => self.directives(&mut document)?,
            _ => {
                return Err(Error::syntax(
                    "`---` must begin this document",
                    token.span.start as usize,
                )
                .help("the document before it ended; is the indentation right?"));
            }
        }
        self.is_first = false;
        let token = self.scanner.peek_token()?;
        document.span.end = token.span.start;
        let is_empty = document.explicit_start
            && matches!(
                token.kind,
                TokenKind::VersionDirective
                    | TokenKind::TagDirective
                    | TokenKind::DocumentStart
                    | TokenKind::DocumentEnd
                    | TokenKind::StreamEnd
            );
        if !is_empty {
            document.root = Some(self.root()?);
        }
        let token = self.scanner.peek_token()?;
        document.span.end = token.span.start;
        if token.kind == TokenKind::DocumentEnd {
            document.span.end = token.span.end;
            document.explicit_end = true;
            self.scanner.take_token();
        }
        self.ended_at = document.span.end as usize;
        self.tag_directives.clear();
        self.builder.end_document();
        Ok(Some(document))
    }

    fn directives(&mut self, document: &mut Document) -> Result<(), Box<Error>> {
        loop {
            let token = self.scanner.peek_token()?;
            let at = token.span.start as usize;
            match token.kind {
                TokenKind::VersionDirective => {
                    let (major, minor) = (token.a, token.b);
                    if document.version.is_some() {
                        return Err(Error::syntax("a second %YAML directive", at));
                    }
                    if major != 1 || !matches!(minor, 1 | 2) {
                        return Err(Error::syntax(
                            format!("YAML {major}.{minor} is not known"),
                            at,
                        ));
                    }
                    document.version = Some((major, minor));
                }
                TokenKind::TagDirective => {
                    let index = token.a;
                    let directive =
                        self.scanner.tags.get(index as usize).cloned().unwrap_or_default();
                    if self.tag_directives.iter().any(|(handle, _)| *handle == directive.0) {
                        return Err(Error::syntax(
                            format!("a second %TAG directive for {}", directive.0),
                            at,
                        ));
                    }
                    self.tag_directives.push(directive);
                }
                _ => break,
            }
            self.scanner.take_token();
        }
        document.tag_directives.clone_from(&self.tag_directives);
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if !self.tag_directives.iter().any(|(known, _)| known == handle) {
                self.tag_directives.push((handle.to_owned(), prefix.to_owned()));
            }
        }
        Ok(())
    }
}
