#!/usr/bin/env python3
"""Writes sigv4.json beside itself: requests signed by botocore, the reference for sigv4_test.cc.

Made with botocore 1.43.11: pip install botocore==1.43.11 && python3 make_vectors.py
"""

import datetime
import json
import pathlib
from urllib.parse import urlsplit

import botocore.auth
import botocore.compat
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = datetime.datetime(2026, 1, 3, 12, 4, 31, tzinfo=datetime.timezone.utc)
KEY = "AKIDTIDEGATEEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

CASES = [
    ("query form", "autoscaling", "eu-west-2", "POST", "http://127.0.0.1:4580/",
     {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
     "Action=DescribeAutoScalingGroups&Version=2011-01-01"),
    ("ec2 in another region", "ec2", "us-gov-west-1", "POST", "http://localhost:4580/", {},
     "Action=DescribeInstances&Version=2016-11-15"),
    ("json target", "monitoring", "eu-west-2", "POST", "http://127.0.0.1:4580/",
     {"X-Amz-Target": "GraniteServiceVersion20100801.DescribeAlarms",
      "Content-Type": "application/x-amz-json-1.0"}, "{}"),
    ("get with a query out of order and odd encodings", "sts", "eu-west-2", "GET",
     "http://127.0.0.1:4580/?Version=2011-06-15&Action=GetCallerIdentity&b=%20x&b=a%2Fb&a=&c=%C3%A9~",
     {}, ""),
    ("path with blanks and dots", "sts", "eu-west-2", "POST",
     "http://127.0.0.1:4580/a%20b/./c/../d/", {}, "x"),
    ("blanks inside a header's value", "sts", "eu-west-2", "POST", "http://127.0.0.1:4580/",
     {"X-Amz-Meta": "  a   b  c "}, ""),
    ("bytes that are no text", "monitoring", "eu-west-2", "POST", "http://127.0.0.1:4580/",
     {"Content-Encoding": "gzip"}, "\u001f\u008b\u0008\u0000"),
]


def signed(name, service, region, method, url, headers, body):
    parts = urlsplit(url)
    data = body.encode("latin-1")
    request = AWSRequest(method=method, url=url, data=data, headers=headers)
    signer = botocore.auth.SigV4Auth(Credentials(KEY, SECRET), service, region)
    signer.add_auth(request)
    sent = dict(request.headers.items())
    sent.setdefault("Host", parts.netloc)
    return {"Name": name, "Method": method, "Path": parts.path, "Query": parts.query,
            "Headers": sent, "BodyHex": data.hex(), "Service": service, "Region": region}


def main():
    for module in (botocore.auth, botocore.compat):
        module.get_current_datetime = lambda *a, **k: NOW.replace(tzinfo=None)
    vectors = {"Now": NOW.isoformat().replace("+00:00", "Z"), "AccessKeyId": KEY,
               "SecretAccessKey": SECRET, "Cases": [signed(*case) for case in CASES]}
    target = pathlib.Path(__file__).with_name("sigv4.json")
    target.write_text(json.dumps(vectors, indent=1) + "\n")


if __name__ == "__main__":
    main()
