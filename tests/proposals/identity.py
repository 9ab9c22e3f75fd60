"""What a provider told of somebody who is on no roster."""

IDENTITY = {
    "provider": "sso",
    "issuer": "https://idp.example.vn",
    "subject": "sub-1",
    "full_name": "Đặng Văn Ánh",
    "employee_id": "NV-9",
    "email": "anh@example.vn",
}
