"""predictor's POST /predict as FastAPI has it: the rival of the benchmark."""

import random
from datetime import datetime, timezone

from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel

app = FastAPI()
walks = {"BTC": 65000.0, "ETH": 3500.0, "SOL": 150.0, "ADA": 0.45, "XRP": 0.6}
bounds = {symbol: (start / 2, start * 2) for symbol, start in walks.items()}
generator = random.Random(0)


class Prediction(BaseModel):
    symbol: str
    price: float
    currency: str
    time: datetime
    modelVersion: str


@app.post("/predict")
async def predict(symbol: str = Query(pattern="^[A-Z0-9]{2,10}$")) -> Prediction:
    if symbol not in walks:
        raise HTTPException(404)
    lowest, highest = bounds[symbol]
    step = 1 + generator.uniform(-0.01, 0.01)
    walks[symbol] = min(max(walks[symbol] * step, lowest), highest)
    return Prediction(
        symbol=symbol,
        price=round(walks[symbol], 4),
        currency="USD",
        time=datetime.now(timezone.utc),
        modelVersion="walk-1",
    )
