"""Bounces and complaints in the shapes that mail servers give them."""


def bounce(
    status: str = "5.1.1",
    *,
    to: str = "hello@barnstorm.example",
    action: str = "failed",
    original: str = "",
    recipient: str = "ana@example.org",
) -> bytes:
    """A delivery report as Postfix writes it (RFC 3464)."""
    return "\r\n".join(
        [
            "Return-Path: <>",
            "From: MAILER-DAEMON@mx.example.org (Mail Delivery System)",
            f"To: {to}",
            "Subject: Undelivered Mail Returned to Sender",
            "Auto-Submitted: auto-replied",
            "MIME-Version: 1.0",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=B",
            "",
            "--B",
            "Content-Type: text/plain; charset=us-ascii",
            "",
            "I'm sorry to have to inform you that your message could not be delivered.",
            "--B",
            "Content-Description: Delivery report",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mx.example.org",
            "X-Postfix-Queue-ID: 4A1B2C3D",
            "",
            f"Final-Recipient: rfc822; {recipient}",
            f"Action: {action}",
            f"Status: {status}",
            "Diagnostic-Code: smtp; 550 5.1.1 User unknown",
            "",
            "--B",
            "Content-Type: message/rfc822",
            "",
            "Subject: See you there",
            f"Message-ID: {original}" if original else "X-None: x",
            "",
            "See you there.",
            "--B--",
            "",
        ]
    ).encode()


def complaint(original: str, *, kind: str = "abuse", headers_only: bool = False) -> bytes:
    """A feedback report (RFC 5965)."""
    return "\r\n".join(
        [
            "From: <fbl@provider.example>",
            "To: abuse@barnstorm.example",
            "Subject: FW: See you there",
            "MIME-Version: 1.0",
            "Content-Type: multipart/report; report-type=feedback-report; boundary=B",
            "",
            "--B",
            "Content-Type: text/plain",
            "",
            "This is an email abuse report.",
            "--B",
            "Content-Type: message/feedback-report",
            "",
            f"Feedback-Type: {kind}",
            "User-Agent: SomeGenerator/1.0",
            "Version: 1",
            "",
            "--B",
            f"Content-Type: {'text/rfc822-headers' if headers_only else 'message/rfc822'}",
            "",
            "From: hello@barnstorm.example",
            f"Message-ID: {original}",
            "Subject: See you there",
            "",
            "" if headers_only else "See you there.",
            "--B--",
            "",
        ]
    ).encode()
