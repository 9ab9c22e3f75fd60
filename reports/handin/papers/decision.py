"""The decision that gives the prizes of a round."""

from reports.handin.papers.winners import prizes_in_words, winners_table
from reports.handin.papers.words import about_of, contest_of, issuer_of, signature_of, source_note, two_digits
from reports.handin.reading import Dataset
from reports.handin.tables import Report
from reports.models import IssuingBody
from reports.official.document import Appendix, OfficialDocument, Paragraph, Resolution


def decision_paper(dataset: Dataset, report: Report, body: IssuingBody) -> OfficialDocument:
    """The decision that gives the prizes, with the list of winners."""
    winners = dataset["winners"]
    about = about_of(dataset)
    subject = f"Công nhận {about} và trao giải {contest_of(dataset)}"
    return OfficialDocument(
        issuer=issuer_of(body),
        kind="Quyết định",
        subject=subject,
        symbol=body.decision_symbol,
        authority=body.decides,
        legal_bases=body.basis_lines,
        blocks=(
            Resolution("QUYẾT ĐỊNH:"),
            Paragraph(
                f"Công nhận {about} {contest_of(dataset)} và trao giải cho {two_digits(len(winners))} cá nhân có tên"
                f" trong danh sách kèm theo, gồm: {prizes_in_words(winners)}.",
                "Điều 1.",
            ),
            Paragraph("Kinh phí trao giải được trích từ kinh phí tổ chức Hội thi theo quy định.", "Điều 2."),
            Paragraph(
                "Ban Tổ chức Hội thi, thủ trưởng các đơn vị có cá nhân đạt giải và các cá nhân có tên tại Điều 1 chịu"
                " trách nhiệm thi hành Quyết định này./.",
                "Điều 3.",
            ),
        ),
        signature=signature_of(body, (body.signer_title,)),
        recipients=["- Như Điều 3;", *body.recipient_lines],
        appendices=[
            Appendix(
                "Danh sách",
                f"Cá nhân đạt giải {about.removeprefix('kết quả ')}",
                (winners_table(dataset, with_time=True, notes=(source_note(dataset, report),)),),
                landscape=True,
            )
        ],
    )
