"""Every handler, called as Lambda calls it: `python -m unittest discover -s lambdas -t lambdas`."""

import contextlib
import importlib
import io
import tomllib
import unittest
from pathlib import Path

import charge_card
import payment
import price_line
import refund
import release_stock
import request_approval
import reserve_stock
import send_receipt
import ship_order
import total_order
import validate_order

LINE = {"sku": "atlas", "quantity": 2, "unitPrice": 48.0}
ORDER = {
    "orderId": "A-1",
    "customer": "Ada",
    "currency": "EUR",
    "amount": 96.0,
    "lines": [LINE],
    "address": {"street": "12 Quay Road", "city": "Rotterdam", "country": "NL"},
}


def call(module, event):
    """The handler's answer and what it logged."""
    log = io.StringIO()
    with contextlib.redirect_stdout(log):
        answer = module.handler(event, None)
    return answer, log.getvalue()


class ValidateOrder(unittest.TestCase):
    def test_a_valid_order_gets_its_amount(self):
        answer, _ = call(validate_order, {"orderId": "A-1", "lines": [LINE, {**LINE, "quantity": 1}]})
        self.assertEqual(answer["amount"], 144.0)
        self.assertEqual(answer["currency"], "EUR")

    def test_what_is_refused_and_why(self):
        cases = [
            ({}, "no orderId"),
            ({"orderId": "A-1"}, "no lines"),
            ({"orderId": "A-1", "lines": "atlas"}, "no lines"),
            ({"orderId": "A-1", "lines": [{}]}, "no sku"),
            ({"orderId": "A-1", "lines": [{**LINE, "quantity": 0}]}, "quantity of 0"),
            ({"orderId": "A-1", "lines": [{**LINE, "quantity": True}]}, "quantity of True"),
            ({"orderId": "A-1", "lines": [{"sku": "atlas", "quantity": 1}]}, "no unitPrice"),
            ({"orderId": "A-1", "lines": [LINE], "amount": 95}, "lines come to 96.0"),
        ]
        for order, reason in cases:
            with self.subTest(reason=reason), self.assertRaises(validate_order.InvalidOrder) as raised:
                validate_order.handler(order, None)
            self.assertIn(reason, str(raised.exception))


class Saga(unittest.TestCase):
    def test_a_line_is_discounted_from_ten_pieces(self):
        for quantity, amount in [(9, 432.0), (10, 432.0), (1, 48.0)]:
            answer, _ = call(price_line, {"line": {**LINE, "quantity": quantity}, "currency": "EUR"})
            self.assertEqual(answer["amount"], amount)

    def test_the_total_is_what_the_lines_come_to(self):
        answer, _ = call(total_order, {"order": ORDER, "lines": [{"amount": 0.1}, {"amount": 0.2}]})
        self.assertEqual(answer["amount"], 0.3)
        self.assertEqual(answer["lines"], [{"amount": 0.1}, {"amount": 0.2}])

    def test_stock_runs_out(self):
        self.assertTrue(call(reserve_stock, {"order": ORDER})[0]["reservationId"].startswith("res-"))
        with self.assertRaisesRegex(reserve_stock.OutOfStock, "101 of atlas"):
            reserve_stock.handler({"order": {**ORDER, "lines": [{**LINE, "quantity": 101}]}}, None)

    def test_a_busy_gateway_answers_at_the_third_attempt(self):
        busy = {**ORDER, "simulate": "gateway-busy"}
        for attempt in (0, 1):
            with self.assertRaises(charge_card.GatewayBusy):
                charge_card.handler({"order": busy, "attempt": attempt}, None)
        self.assertIn("chargeId", call(charge_card, {"order": busy, "attempt": 2})[0])

    def test_a_declined_card_stays_declined(self):
        with self.assertRaisesRegex(charge_card.CardDeclined, "refuses 96.0 EUR"):
            charge_card.handler({"order": {**ORDER, "simulate": "card-declined"}, "attempt": 5}, None)

    def test_an_address_without_a_street_cannot_be_shipped_to(self):
        self.assertRegex(call(ship_order, {"order": ORDER, "reservationId": "res-1"})[0]["trackingNumber"], r"^NL\d{9}$")
        with self.assertRaisesRegex(ship_order.UndeliverableAddress, "has no street"):
            ship_order.handler({"order": {**ORDER, "address": {"city": "Oslo", "country": "NO"}}, "reservationId": "r"}, None)

    def test_undoing_and_paying_twice_answer_the_same(self):
        for module, event in [
            (payment, ORDER),
            (refund, {"order": ORDER, "chargeId": "chg-1"}),
            (release_stock, {"reservationId": "res-1"}),
            (send_receipt, {"order": ORDER, "chargeId": "chg-1"}),
        ]:
            self.assertEqual(call(module, event)[0], call(module, event)[0])


class RequestApproval(unittest.TestCase):
    def test_the_token_is_never_logged(self):
        answer, log = call(request_approval, {"taskToken": "secret-token", "request": {"title": "Paper"}})
        self.assertIn("Paper", log)
        self.assertNotIn("secret-token", log + str(answer))

    def test_a_request_without_a_token_is_refused(self):
        with self.assertRaisesRegex(ValueError, "no taskToken"):
            request_approval.handler({"request": {}}, None)


class Declared(unittest.TestCase):
    def test_every_declared_handler_exists_and_every_file_is_declared(self):
        folder = Path(__file__).parents[1]
        functions = tomllib.loads((folder / "functions.toml").read_text())["functions"]
        for function in functions.values():
            module, name = function["handler"].rsplit(".", 1)
            self.assertTrue(callable(getattr(importlib.import_module(module), name)))
        self.assertEqual(sorted(functions), sorted(path.stem for path in folder.glob("*.py")))


if __name__ == "__main__":
    unittest.main()
